/** The golden table of truncation: what leader and follower say to each other until the follower fits. */
import { truncationOffset, type EpochEnd } from './truncation.js';

/** One epoch per offset. */
type Log = readonly number[];

/** As the leader answers: where its largest epoch up to the asked one ends; nothing when the logs agree there. */
function divergence(leader: Log, current: number, offset: number, lastEpoch: number): EpochEnd | undefined {
  const known = leader.filter((epoch) => epoch <= lastEpoch);
  const epoch = known.includes(lastEpoch) ? lastEpoch : Math.max(-1, ...known);
  const end = lastEpoch === current ? leader.length : leader.filter((other) => other <= lastEpoch).length;
  return epoch < lastEpoch || end < offset ? { epoch, endOffset: end } : undefined;
}

function ownEnd(log: Log, epoch: number): EpochEnd {
  const upTo = log.filter((other) => other <= epoch);
  return { epoch: Math.max(-1, ...upTo), endOffset: upTo.length };
}

describe('truncation', () => {
  it.each<[string, { leader: Log; current: number; follower: Log }, EpochEnd | undefined, number]>([
    ['A behind', { leader: [1, 1, 1], current: 1, follower: [1] }, undefined, 1],
    ['B behind', { leader: [1, 1, 2], current: 2, follower: [1] }, undefined, 1],
    [
      'C ahead, same epoch',
      { leader: [1, 1], current: 1, follower: [1, 1, 1, 1] },
      { epoch: 1, endOffset: 2 },
      2,
    ],
    [
      'D ahead, higher epoch',
      { leader: [1, 1], current: 3, follower: [1, 1, 2, 2] },
      { epoch: 1, endOffset: 2 },
      2,
    ],
    ['E fork', { leader: [1, 1, 3, 3], current: 3, follower: [1, 1, 2, 2] }, { epoch: 1, endOffset: 2 }, 2],
    [
      'F fork, leader longer in the old epoch',
      { leader: [1, 1], current: 3, follower: [1, 2] },
      { epoch: 1, endOffset: 2 },
      1,
    ],
  ])('%s', (_case, { leader, current, follower }, expected, truncateTo) => {
    const diverging = divergence(leader, current, follower.length, follower.at(-1) ?? -1);
    expect(diverging).toEqual(expected);
    if (diverging === undefined) return;
    expect(truncationOffset(diverging, ownEnd(follower, diverging.epoch))).toBe(truncateTo);
  });

  it('G no common epoch', () => {
    // The leader names its largest epoch below the asked one; the follower has nothing up to it.
    expect(truncationOffset({ epoch: 1, endOffset: 1 }, { epoch: -1, endOffset: 0 })).toBe(0);
  });

  it('needs more than one round when epochs interleave (pb.kip279.fastFailover)', () => {
    const leader: Log = [1, 3, 3, 5];
    let follower: Log = [1, 2, 2, 4];
    const cuts: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      const diverging = divergence(leader, 5, follower.length, follower.at(-1) ?? -1);
      if (diverging === undefined) break;
      const cut = truncationOffset(diverging, ownEnd(follower, diverging.epoch));
      follower = follower.slice(0, cut);
      cuts.push(cut);
    }
    expect(cuts).toEqual([3, 1]);
    expect(follower).toEqual([1]);
  });
});

// Where logs part: the golden table of truncation (KIP-101, KIP-279), a leader and a follower with given logs.
import { compareLogs, truncationOffset } from './log-view.js';
import { logOf } from './testing/simulated-log.js';

describe('where two logs part', () => {
  it.each([
    { name: 'A behind', leader: [1, 1, 1], follower: [1], diverging: undefined, cutAt: undefined },
    {
      name: 'B behind, later epoch',
      leader: [1, 1, 2],
      follower: [1],
      diverging: undefined,
      cutAt: undefined,
    },
    { name: 'C ahead, same epoch', leader: [1, 1], follower: [1, 1, 1, 1], diverging: [1, 2], cutAt: 2 },
    { name: 'D ahead, higher epoch', leader: [1, 1], follower: [1, 1, 2, 2], diverging: [1, 2], cutAt: 2 },
    { name: 'E fork', leader: [1, 1, 3, 3], follower: [1, 1, 2, 2], diverging: [1, 2], cutAt: 2 },
    { name: 'F fork, leader longer', leader: [1, 1], follower: [1, 2], diverging: [1, 2], cutAt: 1 },
    { name: 'G no common epoch', leader: [1, 3], follower: [2, 2], diverging: [1, 1], cutAt: 0 },
    { name: 'H equal', leader: [1, 2], follower: [1, 2], diverging: undefined, cutAt: undefined },
    { name: 'I empty follower', leader: [3, 3], follower: [], diverging: undefined, cutAt: undefined },
    { name: 'J empty leader', leader: [], follower: [1], diverging: [1, 0], cutAt: 0 },
  ])('$name', ({ leader, follower, diverging, cutAt }) => {
    const [leaderLog, followerLog] = [logOf(leader), logOf(follower)];
    const compared = compareLogs(leaderLog, followerLog.endOffset, followerLog.lastEpoch);
    if (diverging === undefined) {
      expect(compared).toEqual({ is: 'prefix' });
      return;
    }
    const [epoch = -1, endOffset = -1] = diverging;
    expect(compared).toEqual({ is: 'diverging', diverging: { epoch, endOffset } });
    expect(truncationOffset(followerLog, { epoch, endOffset })).toBe(cutAt);
  });

  it('sends a reader to the snapshot when its end is below the start, or is another log at it', () => {
    const snapshot = { endOffset: 4, epoch: 2 };
    const log = Object.assign(logOf([1, 1, 2, 2, 3]), { startOffset: 4, startEpoch: 2, snapshot });
    const behind = { is: 'behind-start', snapshot };
    expect(compareLogs(log, 0, 0)).toEqual(behind);
    expect(compareLogs(log, 3, 2)).toEqual(behind);
    expect(compareLogs(log, 4, 1)).toEqual(behind);
    expect(compareLogs(log, 6, 1)).toEqual(behind);
    expect(compareLogs(log, 4, 2)).toEqual({ is: 'prefix' });
    expect(compareLogs(log, 5, 3)).toEqual({ is: 'prefix' });
    expect(compareLogs(log, 6, 2)).toEqual({ is: 'diverging', diverging: { epoch: 2, endOffset: 4 } });
  });
});

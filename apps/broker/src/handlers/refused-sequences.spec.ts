/** Which batches wait for an earlier one that was refused, and for how long. */
import { ErrorCode, buildBatch } from '@tidemark/wire';
import { ManualClock } from '../testing/manual-clock.js';
import { RefusedSequences, placeOf, type BatchPlace } from './refused-sequences.js';

const LAST = 2 ** 31 - 1;
const STRANGERS = { count: 0, has: () => false };
const ACQUAINTED = { count: 1, has: () => true };

function at(sequence: number, epoch = 0, producerId = 7): BatchPlace {
  const batch = { timestamp: 0, producerId, producerEpoch: epoch, baseSequence: sequence };
  const place = placeOf('t', 0, buildBatch([{ key: null, value: null }], batch));
  if (place === undefined) throw new Error('a batch with a producer has a place');
  return place;
}

describe('sequences that were refused', () => {
  let clock: ManualClock;
  let refused: RefusedSequences;
  beforeEach(() => {
    clock = new ManualClock();
    refused = new RefusedSequences(clock);
  });
  const admits = (place: BatchPlace): boolean => refused.admits(place, STRANGERS);

  it.each([
    ['that very batch', at(5), true],
    ['an earlier one', at(4), true],
    ['a later one', at(6), false],
    ['one much later', at(5 + 2 ** 20), false],
    ['a later one of another epoch', at(6, 1), true],
    ['one of another producer', at(6, 0, 8), true],
    ['one for another partition', { ...at(6), index: 1 }, true],
  ])('admit %s: %#', (_what, place, admitted) => {
    refused.note(at(5), ErrorCode.NOT_ENOUGH_REPLICAS);
    expect(admits(place)).toBe(admitted);
  });

  it('leave it to the log when that knows the producer', () => {
    refused.note(at(5), ErrorCode.NOT_LEADER_OR_FOLLOWER);
    expect(refused.admits(at(6), ACQUAINTED)).toBe(true);
  });

  it('keep the lowest, and forget it once it is taken', () => {
    for (const sequence of [5, 6, 4, 7]) refused.note(at(sequence), ErrorCode.NOT_ENOUGH_REPLICAS);
    expect([admits(at(5)), admits(at(4))]).toEqual([false, true]);
    refused.forget(at(4));
    expect(admits(at(5))).toBe(true);
  });

  it('are counted round', () => {
    refused.note(at(LAST), ErrorCode.NOT_ENOUGH_REPLICAS);
    expect([admits(at(0)), admits(at(LAST - 1))]).toEqual([false, true]);
  });

  it('are those that will be sent again, and whose header can be trusted', () => {
    for (const error of [ErrorCode.MESSAGE_TOO_LARGE, ErrorCode.CORRUPT_MESSAGE]) refused.note(at(0), error);
    expect(admits(at(1))).toBe(true);
  });

  it('are forgotten after a minute, and when there are too many', () => {
    refused.note(at(0), ErrorCode.NOT_ENOUGH_REPLICAS);
    clock.advance(60_001);
    expect(admits(at(1))).toBe(true);
    for (let producerId = 0; producerId <= 10_000; producerId += 1) {
      refused.note(at(0, 0, producerId), ErrorCode.NOT_ENOUGH_REPLICAS);
    }
    expect([admits(at(1, 0, 0)), admits(at(1, 0, 1))]).toEqual([true, false]);
  });

  it('have no place without a producer or a header', () => {
    expect(placeOf('t', 0, buildBatch([{ key: null, value: null }], { timestamp: 0 }))).toBeUndefined();
    expect(placeOf('t', 0, new Uint8Array(60))).toBeUndefined();
    expect(placeOf('t', 0, null)).toBeUndefined();
  });
});

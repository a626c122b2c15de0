/** A leader's view of its followers: watermark and proposals. Named after Kafka's PartitionTest where it has the case. */
import { LeaderState, type LeadershipOptions, type PartitionFacts } from './leader-state.js';

const LAG_MS = 1_000;
const SILENCE_MS = 300;

function setUp(options: Partial<LeadershipOptions> = {}, facts: Partial<PartitionFacts> = {}) {
  const replicas = facts.replicas ?? [1, 2, 3];
  const state = new LeaderState(
    {
      localId: 1,
      protocol: 'primary-backup',
      epochStart: 0,
      minInsyncReplicas: 1,
      lagTimeMaxMs: LAG_MS,
      silenceMaxMs: SILENCE_MS,
      nowMs: 0,
      ...options,
    },
    { replicas, isr: replicas, partitionEpoch: 0, sets: [replicas], ...facts },
  );
  for (const id of replicas) state.register(id, 10 + id);
  let watermark = 0;
  return {
    state,
    fetch: (id: number, offset: number, end: number, nowMs = 0, epoch = 10 + id) =>
      state.follower(id)?.fetched(epoch, offset, end, nowMs),
    advance: (end: number, nowMs = 0) => (watermark = state.highWatermark(watermark, end, nowMs)),
    propose: (end: number, nowMs = 0) =>
      state.propose(watermark, end, nowMs)?.newIsr.map(({ brokerId }) => brokerId),
  };
}

describe('primary-backup leader', () => {
  it('commits what every in-sync replica has', () => {
    const { fetch, advance } = setUp();
    expect(advance(10)).toBe(0);
    fetch(2, 10, 10);
    expect(advance(10)).toBe(0);
    fetch(3, 7, 10);
    expect(advance(10)).toBe(7);
    fetch(3, 10, 10);
    expect(advance(10)).toBe(10);
  });

  it('commits alone when it is the only replica', () => {
    const { advance } = setUp({}, { replicas: [1] });
    expect(advance(5)).toBe(5);
  });

  it('does not go back after a change of leader (testMonotonicOffsetsAfterLeaderChange)', () => {
    const { state, fetch } = setUp();
    fetch(2, 3, 10);
    fetch(3, 3, 10);
    expect(state.highWatermark(8, 10, 0)).toBe(8);
  });

  it('waits while too few are in sync (testHighWatermarkAdvanceShouldNotAdvanceWhenUnderMinISR)', () => {
    const { state, advance } = setUp({ minInsyncReplicas: 2 }, { isr: [1] });
    expect(state.hasEnoughInSync).toBe(false);
    expect(advance(10)).toBe(0);
    state.follow({ replicas: [1, 2, 3], isr: [1, 2], partitionEpoch: 1, sets: [] }, 0);
    state.follower(2)?.fetched(12, 10, 10, 0);
    expect(advance(10)).toBe(10);
  });

  it('asks of a topic with fewer replicas than min.insync.replicas that all are in sync', () => {
    expect(setUp({ minInsyncReplicas: 2 }, { replicas: [1] }).state.hasEnoughInSync).toBe(true);
  });

  it('waits for a replica that is about to join, and not for one that is far behind', () => {
    const { state, fetch, advance } = setUp({}, { isr: [1, 2] });
    fetch(2, 10, 10);
    fetch(3, 4, 10, 0);
    expect(advance(10)).toBe(10);
    fetch(2, 20, 20);
    fetch(3, 10, 10, 5);
    expect(advance(20, 5)).toBe(10);
    // KIP-841: a fenced replica is waited for by nobody.
    state.register(3, -1);
    expect(advance(20, 5)).toBe(20);
  });

  it('lets a replica join that has what is committed', () => {
    const { state, fetch, advance, propose } = setUp({}, { isr: [1, 2] });
    fetch(2, 10, 10);
    fetch(3, 4, 10);
    advance(10);
    expect(propose(10)).toBeUndefined();
    fetch(3, 10, 12);
    expect(propose(12)).toEqual([1, 2, 3]);
    expect(state.maximalIsr).toEqual([1, 2, 3]);
    fetch(2, 12, 12);
    expect(advance(12)).toBe(10);
  });

  it('counts one in flight only, and asks again when its outcome is not known (testSingleInFlightAlterIsr)', () => {
    const { state, fetch, propose } = setUp({}, { isr: [1, 2], partitionEpoch: 4 });
    fetch(2, 0, 0);
    fetch(3, 0, 0);
    expect(propose(0)).toEqual([1, 2, 3]);
    expect(propose(0, 10 * LAG_MS)).toBeUndefined();
    expect(state.proposeAgain()).toBeUndefined();
    state.answered({ type: 'unknown' });
    expect(state.proposeAgain()).toEqual({
      partitionEpoch: 4,
      newIsr: [
        { brokerId: 1, brokerEpoch: -1 },
        { brokerId: 2, brokerEpoch: 12 },
        { brokerId: 3, brokerEpoch: 13 },
      ],
    });
    state.answered({ type: 'refused' });
    expect(state.maximalIsr).toEqual([1, 2]);
  });

  it('lets nobody join before its own epoch began there (testFollowerDoesNotJoinISRUntilCaughtUpToOffsetWithinCurrentLeaderEpoch)', () => {
    const { fetch, propose } = setUp({ epochStart: 5 }, { isr: [1] });
    fetch(2, 4, 9);
    expect(propose(9)).toBeUndefined();
    fetch(2, 5, 9);
    expect(propose(9)).toEqual([1, 2]);
  });

  it('lets nobody join whose broker was restarted since (testIsrCanExpandedIfBrokerEpochsMatch, pb.kip903.staleBrokerEpoch)', () => {
    const { state, fetch, propose } = setUp({}, { isr: [1, 2] });
    fetch(3, 0, 0, 0, 9);
    expect(propose(0)).toBeUndefined();
    fetch(3, 0, 0, 0, 13);
    state.register(3, 14);
    expect(propose(0)).toBeUndefined();
    fetch(3, 0, 0, 0, 14);
    expect(propose(0)).toEqual([1, 2, 3]);
  });

  it('lets nobody join whose broker is fenced or stops (pb.kip841.fencedNotInIsr)', () => {
    const { state, fetch, propose } = setUp({}, { isr: [1, 2] });
    fetch(3, 0, 0);
    state.register(3, -1);
    expect(propose(0)).toBeUndefined();
  });

  it('wants a slow follower out, and counts on it until it is', () => {
    const { state, fetch, advance, propose } = setUp();
    fetch(2, 10, 10);
    fetch(3, 0, 10);
    fetch(2, 10, 10, LAG_MS + 1);
    expect(propose(10, LAG_MS)).toBeUndefined();
    expect(propose(10, LAG_MS + 1)).toEqual([1, 2]);
    expect(advance(10, LAG_MS + 1)).toBe(0);
    state.answered({ type: 'accepted', isr: [1, 2], partitionEpoch: 1 });
    expect(advance(10, LAG_MS + 1)).toBe(10);
  });

  it('keeps a follower that is never at the very end but as far as the end was when it asked last', () => {
    const { fetch, propose } = setUp({}, { replicas: [1, 2] });
    for (let nowMs = 0; nowMs <= 5 * LAG_MS; nowMs += LAG_MS / 2) {
      fetch(2, nowMs, nowMs + LAG_MS / 2, nowMs);
      expect(propose(nowMs + LAG_MS / 2, nowMs)).toBeUndefined();
    }
  });

  it('keeps a follower that had nothing to fetch, in the moment in which something is appended', () => {
    const { state, fetch, propose } = setUp({}, { replicas: [1, 2] });
    fetch(2, 10, 10);
    state.follower(2)?.heard(5 * LAG_MS, 10);
    expect(propose(11, 5 * LAG_MS)).toBeUndefined();
    state.follower(2)?.heard(6 * LAG_MS + 1, 11);
    expect(propose(11, 6 * LAG_MS + 1)).toEqual([1]);
  });

  it('wants one out at once that has less than it acknowledged', () => {
    const { fetch, advance, propose } = setUp();
    fetch(2, 10, 10);
    fetch(3, 10, 10);
    advance(10);
    fetch(3, 0, 10);
    expect(propose(10)).toEqual([1, 2]);
  });
});

describe('quorum leader', () => {
  const quorum = (facts: Partial<PartitionFacts> = {}, epochStart = 0) =>
    setUp({ protocol: 'quorum', epochStart }, facts);

  it('commits what a majority has on disk, a slow follower costs nothing', () => {
    const { fetch, advance, propose } = quorum();
    expect(advance(10)).toBe(0);
    fetch(2, 8, 10);
    expect(advance(10)).toBe(8);
    fetch(3, 10, 10);
    expect(advance(10)).toBe(10);
    fetch(3, 4, 10);
    expect(propose(10, 10 * LAG_MS)).toBeUndefined();
    expect(advance(10)).toBe(10);
  });

  it('does not count itself before its own flush', () => {
    const { fetch, advance } = quorum();
    fetch(2, 10, 10);
    expect(advance(3)).toBe(3);
    fetch(3, 10, 10);
    expect(advance(3)).toBe(10);
  });

  it('commits nothing of earlier epochs by counting (qr.figure8)', () => {
    const { fetch, advance } = quorum({}, 7);
    fetch(2, 7, 9);
    fetch(3, 7, 9);
    expect(advance(9)).toBe(0);
    fetch(2, 8, 9);
    expect(advance(9)).toBe(8);
  });

  it('takes a majority of all replicas, of which only the eligible count', () => {
    const { state, fetch, advance } = quorum({ isr: [1, 2] });
    fetch(3, 10, 10);
    expect(advance(10)).toBe(0);
    fetch(2, 6, 10);
    expect(advance(10)).toBe(6);
    state.follow({ replicas: [1, 2, 3], isr: [1, 2, 3], partitionEpoch: 1, sets: [[1, 2, 3]] }, 0);
    expect(advance(10)).toBe(10);
  });

  it('takes a majority of the old set and of the new one while they change', () => {
    const replicas = [1, 2, 3, 4];
    const sets = [
      [1, 2, 3],
      [1, 2, 4],
    ];
    const { fetch, advance } = quorum({ replicas, sets });
    fetch(3, 10, 10);
    expect(advance(10)).toBe(0);
    fetch(4, 9, 10);
    expect(advance(10)).toBe(9);
    fetch(2, 10, 10);
    expect(advance(10)).toBe(10);
  });

  it('makes a replica eligible again that has caught up', () => {
    const { fetch, advance, propose } = quorum({ isr: [1, 2] });
    fetch(2, 10, 10);
    fetch(3, 9, 10);
    advance(10);
    expect(propose(10)).toBeUndefined();
    fetch(3, 10, 10);
    expect(propose(10)).toEqual([1, 2, 3]);
    // Not before the controller has said so: until then nobody would ask it in an election.
    fetch(3, 20, 20);
    expect(advance(20)).toBe(10);
  });

  it('has enough while a majority is heard, and says when that changes', () => {
    const { state, fetch } = quorum();
    // A new leader gives its followers the time to come.
    expect(state.checkMajority(SILENCE_MS)).toBe(false);
    expect(state.checkMajority(SILENCE_MS + 1)).toBe(true);
    expect(state.hasEnoughInSync).toBe(false);
    fetch(2, 0, 0, 400);
    expect(state.checkMajority(400)).toBe(true);
    expect(state.hasEnoughInSync).toBe(true);
    // At rest nothing is fetched, but the broker goes on asking.
    state.follower(2)?.heard(900, 0);
    expect(state.checkMajority(1_000)).toBe(false);
    expect(state.checkMajority(1_201)).toBe(true);
    expect(state.hasEnoughInSync).toBe(false);
  });

  it('does not count on a broker that asks for other partitions only', () => {
    const { state } = quorum();
    state.follower(2)?.heard(1_000, 0);
    expect(state.checkMajority(1_000)).toBe(true);
    expect(state.hasEnoughInSync).toBe(false);
  });

  it('does not count on replicas that have lost what they acknowledged', () => {
    const { state, fetch } = quorum({ isr: [1, 2] });
    fetch(3, 0, 0, 1_000);
    state.checkMajority(1_000);
    expect(state.hasEnoughInSync).toBe(false);
  });

  it('needs a majority of the old set and of the new one while they change', () => {
    const sets = [
      [1, 2, 3],
      [1, 2, 4],
    ];
    const { state, fetch } = quorum({ replicas: [1, 2, 3, 4], sets });
    fetch(3, 0, 0, 1_000);
    state.checkMajority(1_000);
    expect(state.hasEnoughInSync).toBe(false);
    fetch(2, 0, 0, 1_000);
    state.checkMajority(1_000);
    expect(state.hasEnoughInSync).toBe(true);
  });
});

/** The in-sync set's one change in flight: every state meets every event. */
import { maximalIsr, nextIsrState, type IsrEvent, type IsrState } from './isr-state.js';

const committed: IsrState = { kind: 'committed', isr: [1, 2], partitionEpoch: 5 };
const expanding = nextIsrState(committed, { type: 'propose', newIsr: [1, 2, 3] });
const shrinking = nextIsrState(committed, { type: 'propose', newIsr: [1] });

describe('in-sync set', () => {
  it('counts the larger set at once and the smaller one when it is committed (pb.isr.maximalIsr, .shrinkNotBeforeCommit)', () => {
    expect(expanding.kind).toBe('expanding');
    expect([expanding.isr, maximalIsr(expanding)]).toEqual([
      [1, 2],
      [1, 2, 3],
    ]);
    expect(shrinking.kind).toBe('shrinking');
    expect([shrinking.isr, maximalIsr(shrinking)]).toEqual([
      [1, 2],
      [1, 2],
    ]);
    const shrunk = nextIsrState(shrinking, { type: 'accepted', isr: [1], partitionEpoch: 6 });
    expect(shrunk).toEqual({ kind: 'committed', isr: [1], partitionEpoch: 6 });
  });

  it('has one change in flight (testSingleInFlightAlterIsr, pb.isr.singleInFlight)', () => {
    expect(nextIsrState(expanding, { type: 'propose', newIsr: [1] })).toBe(expanding);
    expect(nextIsrState(shrinking, { type: 'propose', newIsr: [1, 2, 3] })).toBe(shrinking);
  });

  it('goes back when the change was certainly not made (testIsrNotExpandedIfUpdateFails)', () => {
    expect(nextIsrState(expanding, { type: 'refused' })).toEqual(committed);
    expect(nextIsrState(shrinking, { type: 'refused' })).toEqual(committed);
  });

  it('stays pending when nobody knows, and asks again (testIsrNotShrunkIfUpdateFails)', () => {
    const unknown = nextIsrState(expanding, { type: 'unknown' });
    expect(unknown).toMatchObject({ kind: 'expanding', asking: false });
    expect(maximalIsr(unknown)).toEqual([1, 2, 3]);
    expect(nextIsrState(unknown, { type: 'ask-again' })).toEqual(expanding);
  });

  it.each<[IsrEvent['type']]>([['accepted'], ['committed']])('takes only newer word (%s)', (type) => {
    const word = (partitionEpoch: number) => ({ type, isr: [1, 3], partitionEpoch }) as IsrEvent;
    for (const state of [committed, expanding, shrinking]) {
      expect(nextIsrState(state, word(5))).toBe(state);
      expect(nextIsrState(state, word(7))).toEqual({ kind: 'committed', isr: [1, 3], partitionEpoch: 7 });
    }
  });

  it('hears late answers without harm (testAlterIsrLeaderAndIsrRace)', () => {
    // The metadata overtook the answer, with a later change in it.
    const later = nextIsrState(expanding, { type: 'committed', isr: [1], partitionEpoch: 7 });
    expect(nextIsrState(later, { type: 'accepted', isr: [1, 2, 3], partitionEpoch: 6 })).toBe(later);
    for (const type of ['refused', 'unknown', 'ask-again'] as const) {
      expect(nextIsrState(later, { type })).toBe(later);
    }
  });
});

/** Ids of events: alike for the same cause, different for anything else. */
import { eventId, recordCause } from './event-id.js';

describe('event ids', () => {
  const identity = {
    aggregate: 'exp_1',
    type: 'ProcessStarted',
    processIndex: 0,
    attempt: 1,
    cause: recordCause('t', 3, 42),
  };

  it('are the same for the same cause and differ in every part', () => {
    const variants = [
      identity,
      { ...identity, aggregate: 'exp_2' },
      { ...identity, type: 'ProcessEnded' },
      { ...identity, processIndex: 1 },
      { ...identity, attempt: 2 },
      { ...identity, cause: recordCause('t', 34, 2) },
      { aggregate: 'exp_1', type: 'ProcessStarted', cause: identity.cause },
    ];
    expect(new Set(variants.map(eventId)).size).toBe(variants.length);
    expect(eventId({ ...identity })).toBe(eventId(identity));
    expect(eventId(identity)).toMatch(/^[0-9a-f]{32}$/);
  });

  it('cannot be confused by moving characters between parts', () => {
    expect(eventId({ aggregate: 'ab', type: 'c', cause: 'x' })).not.toBe(
      eventId({ aggregate: 'a', type: 'bc', cause: 'x' }),
    );
  });
});

/** What may be committed while records finish out of order. */
import { AckTracker } from './ack-tracker.js';

describe('acknowledgements', () => {
  it('go up to the first record that is not done', () => {
    const acks = new AckTracker(10);
    for (const offset of [10, 11, 13]) acks.begin(offset);
    expect(acks.passed(15)).toBe(10);
    expect(acks.done(11)).toBe(10);
    expect(acks.pending).toBe(2);
    expect(acks.done(10)).toBe(13);
    expect(acks.done(13)).toBe(15);
    expect(acks.pending).toBe(0);
  });

  it('pass over what has no records', () => {
    const acks = new AckTracker(0);
    expect(acks.passed(7)).toBe(7);
    expect(acks.passed(3)).toBe(7);
  });

  it('refuse what cannot be', () => {
    const acks = new AckTracker(5);
    expect(() => acks.begin(4)).toThrow('offset order');
    expect(() => acks.done(9)).toThrow('begun');
  });
});

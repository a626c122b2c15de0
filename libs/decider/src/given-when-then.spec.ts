/** The given-when-then harness itself: it must be able to fail. */
import type { Decider } from './decider.js';
import { given } from './given-when-then.js';

const counter: Decider<number, 'up' | 'read', 'upped', number, 'full'> = {
  initial: () => 0,
  decide: (state, command) => {
    if (command === 'read') return { events: [], reply: state };
    return state === 2 ? { rejected: 'full' } : { events: ['upped'], reply: state + 1 };
  },
  evolve: (state) => state + 1,
};

describe('given, when, then', () => {
  it('passes on what is so', () => {
    given(counter, ['upped'])
      .when('up')
      .then(['upped'], 2)
      .thenState((state) => state, 2);
    given(counter, ['upped', 'upped']).when('up').thenRejected('full');
    given(counter, []).when('read').then([], 0);
  });

  it('fails on what is not', () => {
    expect(() => given(counter, []).when('up').then([])).toThrow();
    expect(() => given(counter, []).when('up').then(['upped'], 7)).toThrow();
    expect(() => given(counter, []).when('up').thenRejected('full')).toThrow();
    expect(() => given(counter, ['upped', 'upped']).when('up').then(['upped'])).toThrow();
    expect(() =>
      given(counter, [])
        .when('up')
        .thenState((state) => state, 5),
    ).toThrow();
  });
});

/** The history checker finds each anomaly that it names, and nothing in a history that is in order. */
import { History } from './history.js';

const kinds = (history: History): string[] => history.check().map(({ kind }) => kind);

/** Two sends that are in order: a at 0, b at 1. */
function inOrder(): History {
  const history = new History();
  for (const [index, value] of ['a', 'b'].entries()) {
    history.acknowledge(history.begin(1, 't-0', value, index * 10), index, index * 10 + 5);
  }
  return history;
}

const polled = (...values: readonly (readonly [number, string])[]): { offset: number; value: string }[] =>
  values.map(([offset, value]) => ({ offset, value }));

describe('history', () => {
  it('is content with what is in order', () => {
    const history = inOrder();
    history.poll('r', 't-0', polled([0, 'a'], [1, 'b']));
    history.poll('s', 't-0', polled([0, 'a']));
    history.begin(2, 't-0', 'nobody knows', 0);
    expect(history.check()).toEqual([]);
  });

  it('finds a lost write, and one at the end that nobody saw', () => {
    const history = inOrder();
    history.poll('r', 't-0', polled([1, 'b']));
    expect(kinds(history)).toEqual(['lost-write']);
    const unread = inOrder();
    unread.poll('r', 't-0', polled([0, 'a']));
    expect(kinds(unread)).toEqual(['unseen']);
  });

  it('finds a value at two offsets, and two values at one', () => {
    const history = inOrder();
    history.poll('r', 't-0', polled([0, 'a'], [1, 'b'], [2, 'b']));
    expect(kinds(history)).toEqual(['duplicate']);
    const other = inOrder();
    other.poll('r', 't-0', polled([0, 'a'], [1, 'b']));
    other.begin(1, 't-0', 'c', 30);
    other.poll('s', 't-0', polled([1, 'c']));
    expect(kinds(other)).toContain('inconsistent-offsets');
  });

  it('finds values that were refused, or that nobody sent', () => {
    const history = new History();
    history.refuse(history.begin(1, 't-0', 'a', 0), 1);
    history.poll('r', 't-0', polled([0, 'a'], [1, 'z']));
    expect(kinds(history)).toEqual(['G1a', 'foreign-value']);
  });

  it('finds what goes backwards: a reader, a process, time', () => {
    const reader = inOrder();
    reader.poll('r', 't-0', polled([0, 'a'], [1, 'b']));
    reader.poll('r', 't-0', polled([0, 'a']));
    expect(kinds(reader)).toEqual(['nonmonotonic-poll']);
    const history = new History();
    const first = history.begin(1, 't-0', 'a', 0);
    const second = history.begin(1, 't-0', 'b', 20);
    history.acknowledge(first, 1, 10);
    history.acknowledge(second, 0, 30);
    history.poll('r', 't-0', polled([0, 'b'], [1, 'a']));
    expect(kinds(history)).toEqual(['nonmonotonic-send', 'realtime-order']);
  });

  it('takes an acknowledged duplicate, whose offset nobody told, from where it was read', () => {
    const history = new History();
    history.acknowledge(history.begin(1, 't-0', 'a', 0), -1, 5);
    history.poll('r', 't-0', polled([0, 'a']));
    expect(history.check()).toEqual([]);
  });
});

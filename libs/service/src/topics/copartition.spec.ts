/** The copartitioned assignment: complete, even, sticky, alike for every leader. */
import { assignCopartitioned } from './copartition.js';
import type { Member } from './copartition.js';

const counts = new Map([
  ['commands', 12],
  ['events', 12],
]);
const topics = [...counts.keys()];
const member = (id: string, held: readonly number[] = [], of: readonly string[] = topics): Member => ({
  id,
  topics: of,
  held,
});
const shares = (members: readonly Member[]): Record<string, readonly number[]> => {
  const assignments = assignCopartitioned(members, counts);
  return Object.fromEntries(
    [...assignments].map(([id, assignment]) => {
      expect(assignment.get('events')).toEqual(assignment.get('commands'));
      return [id, assignment.get('events') ?? []];
    }),
  );
};
const sizes = (result: Record<string, readonly number[]>): number[] =>
  Object.values(result)
    .map(({ length }) => length)
    .sort();
const all = (result: Record<string, readonly number[]>): number[] =>
  Object.values(result)
    .flat()
    .sort((a, b) => a - b);
const twelve = Array.from({ length: 12 }, (_, partition) => partition);

describe('the copartitioned assignment', () => {
  it.each([1, 2, 3, 5, 7, 12, 15])('gives every partition once and evenly to %s members', (count) => {
    const result = shares(Array.from({ length: count }, (_, index) => member(`m${index}`)));
    expect(all(result)).toEqual(twelve);
    const [smallest = 0, largest = 0] = [sizes(result).at(0), sizes(result).at(-1)];
    expect(largest - smallest).toBeLessThanOrEqual(1);
  });

  it('moves no more than it must when a member comes, goes or claims too much', () => {
    const alone = shares([member('a')]);
    const joined = shares([member('a', alone.a), member('b')]);
    expect(sizes(joined)).toEqual([6, 6]);
    const third = shares([member('a', joined.a), member('b', joined.b), member('c')]);
    for (const id of ['a', 'b']) expect(joined[id]).toEqual(expect.arrayContaining([...(third[id] ?? [])]));
    const left = shares([member('b', third.b), member('c', third.c)]);
    for (const id of ['b', 'c']) expect(left[id]).toEqual(expect.arrayContaining([...(third[id] ?? [])]));
    const greedy = shares([member('a', twelve), member('b', twelve), member('c', [99, -1])]);
    expect(sizes(greedy)).toEqual([4, 4, 4]);
    expect(all(greedy)).toEqual(twelve);
  });

  it('is the same whatever the order of the members', () => {
    const members = [member('a', [1, 2]), member('b', [5]), member('c')];
    expect(shares([...members].reverse())).toEqual(shares(members));
  });

  it('gives a topic only to those who subscribe to it', () => {
    const assignments = assignCopartitioned([member('a'), member('b', [], ['events'])], counts);
    expect(assignments.get('b')?.has('commands')).toBe(false);
    expect(assignments.get('a')?.get('commands')).toEqual(twelve);
    expect(
      all({ a: assignments.get('a')?.get('events') ?? [], b: assignments.get('b')?.get('events') ?? [] }),
    ).toEqual(twelve);
  });

  it('gives of a narrower topic what it has', () => {
    const narrow = new Map([
      ['events', 4],
      ['queries', 2],
    ]);
    const assignments = assignCopartitioned([member('a', [], [...narrow.keys()])], narrow);
    expect(assignments.get('a')?.get('queries')).toEqual([0, 1]);
    expect(assignments.get('a')?.get('events')).toEqual([0, 1, 2, 3]);
  });
});

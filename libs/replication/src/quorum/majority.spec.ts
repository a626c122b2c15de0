/** What a majority has, counted. */
import { majorityOf, majorityOffset } from './majority.js';

describe('a majority', () => {
  it.each([
    [1, 1],
    [2, 2],
    [3, 2],
    [4, 3],
    [5, 3],
  ])('of %i is %i', (size, needed) => expect(majorityOf(size)).toBe(needed));

  it.each<[number[], number, number]>([
    [[7], 1, 7],
    [[9, 5, 7], 3, 7],
    [[9, 5], 3, 5],
    [[9], 3, 0],
    [[1, 2, 3, 4, 5], 5, 3],
  ])('of the ends %j of %i has reached %i', (ends, size, offset) =>
    expect(majorityOffset(ends, size)).toBe(offset),
  );
});

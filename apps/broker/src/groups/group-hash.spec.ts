/** The partition of a group as Kafka's clients and tools compute it. */
import { groupPartition } from './group-hash.js';

describe('the partition of a group', () => {
  // Values of Java's "...".hashCode(): "" 0, "g" 103, "hello" 99162322, "polygenelubricants" -2147483648.
  it.each([
    ['', 0],
    ['g', 103 % 50],
    ['hello', 99162322 % 50],
    ['polygenelubricants', 0],
  ])('%p is %i of 50', (groupId, partition) => {
    expect(groupPartition(groupId, 50)).toBe(partition);
  });
});

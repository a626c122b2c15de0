/**
 * Counting for a majority. Pure. Used by the metadata quorum and by the leaders of quorum topics.
 */

/** Members that make a majority of `size`. */
export function majorityOf(size: number): number {
  return Math.floor(size / 2) + 1;
}

/**
 * The largest offset that a majority of `size` members has reached: `ends` are the log ends of those that count, in any
 * order; a member that is not in it has reached nothing. 0 when too few count.
 */
export function majorityOffset(ends: readonly number[], size: number): number {
  const needed = majorityOf(size);
  if (ends.length < needed) return 0;
  return [...ends].sort((one, other) => other - one)[needed - 1] ?? 0;
}

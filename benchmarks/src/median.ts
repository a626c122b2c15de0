/** Medians, which is what every figure of a benchmark is: one slow round on a busy machine must not decide it. */

/** The middle value; of an even number the upper one of the two in the middle. NaN of nothing. */
export function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}

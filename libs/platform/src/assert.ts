/**
 * For what cannot happen. A failed assertion is a bug of ours: the process crashes, restarts and replays its log,
 * which is safer than going on with a state that nobody has reasoned about.
 */

export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** The end of an exhaustive switch: the compiler objects when a case is missing. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable: ${JSON.stringify(value)}`);
}

/**
 * When most of several have come: how a stack starts on a cluster of which one broker may be missing. Pure.
 */

/** Resolves when more than half have; rejects, with the first reason, when that cannot happen any more. None is enough of none. */
export function mostOf(ones: readonly Promise<unknown>[]): Promise<void> {
  const needed = ones.length === 0 ? 0 : Math.floor(ones.length / 2) + 1;
  return new Promise((resolve, reject) => {
    let come = 0;
    let failed = 0;
    let reason: unknown;
    const look = (): void => {
      if (come >= needed) resolve();
      else if (ones.length - failed < needed)
        reject(reason instanceof Error ? reason : new Error(String(reason)));
    };
    for (const one of ones) {
      one.then(
        () => {
          come += 1;
          look();
        },
        (cause: unknown) => {
          failed += 1;
          reason ??= cause;
          look();
        },
      );
    }
    look();
  });
}

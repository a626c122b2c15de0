// Waits on a condition, never on a time: looks again and again until it holds, and says what it waited for when it
// does not in time.

const PAUSE_MS = 20;

/** Resolves with the first truthy value of `condition`; a throw ends the wait at once. */
export async function eventually<Value>(
  condition: () => Value | Promise<Value>,
  timeoutMs = 10_000,
  what: string | (() => string) = condition.toString(),
): Promise<NonNullable<Value>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== null && value !== false) return value;
    if (performance.now() > deadline) {
      throw new Error(`did not hold within ${timeoutMs} ms: ${typeof what === 'string' ? what : what()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

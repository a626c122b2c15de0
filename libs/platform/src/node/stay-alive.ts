/**
 * Keeps a process alive until it says that it ends. Our clock's timers do not, so that nothing set by them is waited for
 * at the end; but a process that is just starting, and waits between two tries to reach its brokers, has nothing else,
 * and Node would take it for finished. Called first by every service's `main`, which ends by `process.exit`.
 */
const FOR_EVER_MS = 2 ** 31 - 1;

export function stayAlive(): void {
  setInterval(() => undefined, FOR_EVER_MS);
}

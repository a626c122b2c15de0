// Waits: node sleep.mjs SECONDS. Says once a second how long it has waited.
import { performance } from 'node:perf_hooks';

const seconds = Number(process.argv[2]);
if (!Number.isFinite(seconds) || seconds < 0) {
  console.error('usage: sleep.mjs SECONDS');
  process.exit(64);
}
const begun = performance.now();
const waited = () => (performance.now() - begun) / 1000;
while (waited() < seconds) {
  const left = seconds - waited();
  await new Promise((resolve) => setTimeout(resolve, Math.min(left, 1) * 1000));
  console.log(`${Math.min(waited(), seconds).toFixed(1)} of ${seconds} s`);
}

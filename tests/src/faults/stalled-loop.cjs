// Loaded before a broker (node --require): keeps its event loop busy for the milliseconds in the file `stall` beside its
// run file, once, and removes the file first.
const { existsSync, readFileSync, rmSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { performance } = require('node:perf_hooks');
const { setInterval } = require('node:timers');

const file = join(dirname(process.env.TIDEMARK_RUN_FILE), 'stall');
setInterval(() => {
  if (!existsSync(file)) return;
  const stallMs = Number(readFileSync(file, 'utf8'));
  rmSync(file);
  const end = performance.now() + stallMs;
  while (performance.now() < end);
}, 20).unref();

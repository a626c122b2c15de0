// Loaded before a broker (node --require): keeps the most of its heap that was in use, as a share of what it may use, in the
// file `heap` beside its run file.
const { writeFileSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { setInterval } = require('node:timers');
const { getHeapStatistics } = require('node:v8');

const file = join(dirname(process.env.TIDEMARK_RUN_FILE), 'heap');
let most = 0;
setInterval(() => {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
  if (used / limit <= most) return;
  most = used / limit;
  writeFileSync(file, most.toFixed(3));
}, 20).unref();

// Loaded before a broker (node --require): moves its wall clock by the milliseconds in the file `skew` beside its run
// file, read again every 20 ms. Monotonic clocks stay as they are, which is the point.
const { readFileSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { setInterval } = require('node:timers');

const file = join(dirname(process.env.TIDEMARK_RUN_FILE), 'skew');
const read = () => {
  try {
    return Number(readFileSync(file, 'utf8')) || 0;
  } catch {
    return 0;
  }
};
let offset = read();
setInterval(() => {
  offset = read();
}, 20).unref();
const RealDate = Date;
const now = RealDate.now.bind(RealDate);
globalThis.Date = class extends RealDate {
  constructor(...given) {
    if (given.length === 0) super(now() + offset);
    else super(...given);
  }

  static now() {
    return now() + offset;
  }
};

// Loaded before a broker (node --require): makes flushes of some files fail or take long, as the file `disk` beside its run
// file says (`{"path": "faults-", "fail": 1}` or `{"path": "", "slowMs": 500}`; read again every 20 ms). How many flushes
// suffered is in `disk-suffered`. Writes are as they are: what a flush that failed leaves on the disk, nobody knows.
const fs = require('node:fs');
const { dirname, join } = require('node:path');
const { setInterval, setTimeout } = require('node:timers');

const directory = dirname(process.env.TIDEMARK_RUN_FILE);
const read = () => {
  try {
    return JSON.parse(fs.readFileSync(join(directory, 'disk'), 'utf8'));
  } catch {
    return {};
  }
};
let order = read();
let written = JSON.stringify(order);
let suffered = 0;
setInterval(() => {
  const now = read();
  if (JSON.stringify(now) === written) return;
  written = JSON.stringify(now);
  order = now;
}, 20).unref();

const concerns = (descriptor) => {
  if (order.fail === undefined && order.slowMs === undefined) return false;
  try {
    return fs.readlinkSync(`/proc/self/fd/${descriptor}`).includes(order.path);
  } catch {
    return false;
  }
};
const suffer = () => {
  suffered += 1;
  fs.writeFileSync(join(directory, 'disk-suffered'), String(suffered));
  if (order.fail === undefined) return undefined;
  order = order.fail > 1 ? { ...order, fail: order.fail - 1 } : {};
  return Object.assign(new Error('EIO: i/o error, fdatasync'), {
    code: 'EIO',
    errno: -5,
    syscall: 'fdatasync',
  });
};

for (const name of ['fdatasync', 'fsync']) {
  const real = fs[name];
  fs[name] = (descriptor, done) => {
    if (!concerns(descriptor)) return real(descriptor, done);
    const slowMs = order.slowMs ?? 0;
    const failure = suffer();
    if (failure !== undefined) process.nextTick(done, failure);
    else setTimeout(() => real(descriptor, done), slowMs);
    return undefined;
  };
  const realSync = fs[`${name}Sync`];
  fs[`${name}Sync`] = (descriptor) => {
    if (concerns(descriptor)) {
      const slowMs = order.slowMs ?? 0;
      const failure = suffer();
      if (failure !== undefined) throw failure;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, slowMs);
    }
    return realSync(descriptor);
  };
}

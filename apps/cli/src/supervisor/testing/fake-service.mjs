// A process that behaves as the supervisor expects of every service, for specs: publishes a run file, answers
// /readyz, drains on SIGTERM. FAKE_MODE: `crash` exits 3 at once, `fault` exits 78 with a reason, `stubborn` ignores
// SIGTERM, `slow` is ready after 300 ms.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import http from 'node:http';

const {
  TIDEMARK_NAME: name,
  TIDEMARK_RUN_FILE: runFile,
  FAKE_KIND: kind,
  FAKE_MODE: mode = '',
} = process.env;

console.log(`${name} starts`);
if (mode === 'crash') process.exit(3);
if (mode === 'fault') {
  console.error('FAKE_SETTING must be a number');
  process.exit(78);
}
const begun = Date.now();
const server = http.createServer((_request, response) => {
  response.statusCode = mode === 'slow' && Date.now() - begun < 300 ? 503 : 200;
  response.end();
});
process.on('SIGTERM', () => {
  if (mode !== 'stubborn') process.exit(0);
});
server.listen(Number(process.env.FAKE_PORT ?? 0), '127.0.0.1', () => {
  writeFileSync(
    `${runFile}.tmp`,
    JSON.stringify({
      name,
      kind,
      pid: process.pid,
      startTime: startTime(),
      bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim(),
      addresses: { http: `127.0.0.1:${server.address().port}` },
      startedAt: new Date().toISOString(),
    }),
  );
  renameSync(`${runFile}.tmp`, runFile);
});

function startTime() {
  const stat = readFileSync(`/proc/${process.pid}/stat`, 'latin1');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
}

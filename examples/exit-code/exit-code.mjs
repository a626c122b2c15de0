// Fails as told: node exit-code.mjs CODE [--signal=NAME].
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { signal: { type: 'string' } },
});
const code = Number(positionals[0]);
const end = values.signal ?? `exit code ${code}`;
writeFileSync('note.txt', `about to end with ${end}\n`);
console.error(`ending with ${end}`);
if (values.signal !== undefined) process.kill(process.pid, values.signal);
else process.exitCode = code;

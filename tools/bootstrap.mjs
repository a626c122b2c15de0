// Entry of `npm start`, `npm test` and `npm run bench` in a clone, needing nothing but Node and npm: installs what is
// missing, builds what is out of step, then hands over to the stack, the tests or the benchmarks.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt, root } from './build.mjs';

const NODE_MIN = [20, 19];

/**
 * A simulation leaves little behind and throws much away: large young generations are collected less often, and several
 * threads that collect one at once cost more than they save. Code is compiled again only when it is very hot: every seed
 * turns other settings, and what was compiled for one is thrown away by the next.
 */
const SIM_FLAGS = [
  '--single-threaded-gc',
  '--min-semi-space-size=32',
  '--max-semi-space-size=32',
  '--interrupt-budget=400000',
];

const TASKS = {
  start: { build: { only: 'apps/' }, run: ['apps/cli/bin/tidemark.js', 'up'] },
  test: { build: {}, run: ['tools/test.mjs'] },
  bench: { build: {}, run: ['benchmarks/dist/main.js'] },
  sim: { build: {}, node: SIM_FLAGS, run: ['libs/simulation/dist/main.js'] },
  faults: { build: {}, run: ['tests/dist/faults/main.js'] },
};

function fail(message) {
  process.stderr.write(`tidemark: ${message}\n`);
  process.exit(1);
}

function assertNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])) return;
  fail(`needs Node ${NODE_MIN.join('.')} or later; this is ${process.versions.node}`);
}

/**
 * What is installed must be what package-lock.json says: npm writes down what it installed in a file of the same
 * form. Packages for other platforms are in the lock and not installed; that is in order.
 */
function isInstalled() {
  const read = (path) => {
    try {
      return JSON.parse(readFileSync(join(root, path), 'utf8')).packages;
    } catch {
      return undefined;
    }
  };
  const wanted = read('package-lock.json');
  const installed = read('node_modules/.package-lock.json');
  if (wanted === undefined || installed === undefined) return false;
  return Object.entries(wanted).every(([path, { version, optional, link, inBundle, peer }]) => {
    if (!path.startsWith('node_modules/') && !path.includes('/node_modules/')) return true;
    const found = installed[path];
    if (found === undefined) return optional === true || inBundle === true || peer === true;
    return link === true || found.version === version;
  });
}

function install() {
  process.stderr.write('installing …\n');
  const npm = process.env.npm_execpath;
  const [command, ...args] =
    npm !== undefined && existsSync(npm) ? [process.execPath, npm, 'ci'] : ['npm', 'ci'];
  const run = spawnSync(command, [...args, '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: ['ignore', process.stderr, 'inherit'],
    shell: process.platform === 'win32' && command === 'npm',
  });
  if (run.status !== 0) fail('npm ci failed');
}

/** Runs it in this terminal; its exit code becomes ours. Signals reach it from the terminal, or are passed on. */
function handOver(args) {
  const child = spawn(process.execPath, args, { cwd: process.cwd(), stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));
  child.on('error', (cause) => fail(cause.message));
}

assertNode();
const [name, ...args] = process.argv.slice(2);
const task = TASKS[name];
if (task === undefined) fail(`bootstrap knows ${Object.keys(TASKS).join(', ')}; not '${name ?? ''}'`);
if (!isInstalled()) install();
const built = ensureBuilt(task.build);
if (built !== 0) process.exit(built);
const [program, ...fixed] = task.run;
handOver([...(task.node ?? []), join(root, program), ...fixed, ...args]);

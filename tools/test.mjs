// `npm test`: everything that must hold, in one go and in the order in which a fault is cheapest to see: format,
// types, lint (with the project graph, so that the boundaries rule is not skipped), then every jest suite. Prints a
// line for each suite and ends with `N passed, N failed`. With CI=true a suite that was skipped because its tool is
// absent counts as failed.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = new URL('..', import.meta.url).pathname;
const bin = (name) => join(root, 'node_modules', '.bin', name);
const arguments_ = process.argv.slice(2);
const only = arguments_.filter((argument) => !argument.startsWith('--'));
const ci = process.env.CI === 'true';
const totals = { passed: 0, failed: 0, skipped: 0 };

/** Runs one tool to its end, its output on ours; answers whether it was content. */
function step(title, command, commandArguments, environment = {}) {
  process.stdout.write(`\n== ${title}\n`);
  const begun = Date.now();
  const run = spawnSync(command, commandArguments, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, NX_DAEMON: 'false', ...environment },
  });
  const passed = run.status === 0;
  totals[passed ? 'passed' : 'failed'] += 1;
  process.stdout.write(
    `${passed ? 'PASS' : 'FAIL'} ${title} (${((Date.now() - begun) / 1000).toFixed(1)} s)\n`,
  );
  return passed;
}

/** All jest projects, or the ones named on the command line; counts come from jest's own report. */
function jest() {
  process.stdout.write('\n== specs\n');
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-test-'));
  const report = join(folder, 'jest.json');
  const run = spawnSync(
    process.execPath,
    [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      join(root, 'node_modules/jest/bin/jest.js'),
      '--json',
      `--outputFile=${report}`,
      ...only,
    ],
    { cwd: root, stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, NODE_ENV: 'test' } },
  );
  let result;
  try {
    result = JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    process.stdout.write(`jest ended with ${run.status ?? run.signal} and left no report\n`);
    totals.failed += 1;
    return;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  for (const suite of [...result.testResults].sort((one, other) => (one.name < other.name ? -1 : 1))) {
    const count = (status) => suite.assertionResults.filter((test) => test.status === status).length;
    const skipped = count('pending');
    process.stdout.write(
      `${suite.status === 'passed' ? 'PASS' : 'FAIL'} ${suite.name.slice(root.length)}: ` +
        `${count('passed')} passed, ${count('failed')} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`,
    );
    if (suite.status === 'failed' && suite.assertionResults.length === 0) totals.failed += 1;
  }
  totals.passed += result.numPassedTests;
  totals.failed += result.numFailedTests;
  totals.skipped += result.numPendingTests;
}

if (only.length === 0) {
  step('format', bin('prettier'), ['--check', '--log-level', 'warn', '.']);
  step('types', bin('tsc'), ['-b']);
  step('project graph', bin('nx'), ['show', 'projects']);
  step('lint and boundaries', bin('eslint'), ['.', '--max-warnings', '0']);
}
jest();

if (totals.skipped > 0) {
  process.stdout.write(
    `\n!! ${totals.skipped} tests were SKIPPED because a tool they need is not on this machine` +
      `${ci ? ': in CI that is a failure' : ' (see the suites above)'}\n`,
  );
  if (ci) totals.failed += totals.skipped;
}
process.stdout.write(`\n${totals.passed} passed, ${totals.failed} failed\n`);
process.exitCode = totals.failed === 0 ? 0 : 1;

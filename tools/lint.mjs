// `npm run lint`: ESLint with the project graph built first; without it the boundaries rule is skipped silently.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = new URL('..', import.meta.url).pathname;
const run = (name, ...options) =>
  spawnSync(join(root, 'node_modules', '.bin', name), options, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, NX_DAEMON: 'false' },
  }).status ?? 1;

process.exitCode = run('nx', 'show', 'projects') || run('eslint', '.', '--max-warnings', '0');

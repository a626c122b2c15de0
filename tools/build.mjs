// Brings the compiled output in step with the sources: `ensureBuilt` runs `tsc -b` when a project's dist is missing
// or older than its newest source, and says so on stderr. Plain Node, because it runs before anything is built.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** Projects of the build, as tsconfig.json lists them; `only` keeps those whose path begins with it. */
function projects(only) {
  const { references } = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8'));
  return references.map(({ path }) => path).filter((path) => only === undefined || path.startsWith(only));
}

function modifiedAt(file) {
  try {
    return statSync(file).mtimeMs;
  } catch {
    return 0;
  }
}

function newestIn(directory) {
  if (!existsSync(directory)) return 0;
  let newest = 0;
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    newest = Math.max(newest, entry.isDirectory() ? newestIn(path) : modifiedAt(path));
  }
  return newest;
}

function isStale(project) {
  const built = modifiedAt(join(root, project, 'dist', '.tsbuildinfo'));
  if (built === 0) return true;
  const settings = ['tsconfig.base.json', join(project, 'tsconfig.json')].map((name) =>
    modifiedAt(join(root, name)),
  );
  return Math.max(newestIn(join(root, project, 'src')), ...settings) > built;
}

/** Builds what is out of step; answers tsc's exit code, 0 when there was nothing to do. */
export function ensureBuilt({ only } = {}) {
  const wanted = projects(only);
  if (!projects().some(isStale)) return 0;
  process.stderr.write('building …\n');
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  if (!existsSync(compiler)) {
    process.stderr.write('tidemark: not installed: run "npm ci" in the clone first\n');
    return 1;
  }
  const run = spawnSync(process.execPath, [compiler, '-b', ...wanted], {
    cwd: root,
    // Standard output belongs to the command that is run next (`--json`).
    stdio: ['ignore', process.stderr, 'inherit'],
  });
  if (run.status !== 0) process.stderr.write('tidemark: the build failed\n');
  return run.status ?? 1;
}

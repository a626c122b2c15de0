// P11. Every broker in turn is replaced by one of an older version, and then by the present one again, under load: in
// between both are in the cluster, and each reads what the other wrote.
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { atExit } from '../../../harness/at-exit.js';
import type { Row } from '../../../faults/row.js';

const ROOT = join(import.meta.dirname, '../../../../..');
/** How far back the older version lies, where TIDEMARK_OTHER_CLONE does not name a built clone of another. */
const OLDER = 'HEAD~12';

/** Not the synchronous one: the load goes on in this process. */
const run = promisify(execFile);
let older: string | undefined;

export const otherVersion: Row = {
  name: 'P11',
  what: 'every broker in turn is replaced by an older version, and by the present one again',
  mustHold: 'both versions work in one cluster and on one disk; each ends with 0; nothing is lost',
  rounds: 1,
  gapLimits: { max: 2_000 },
  async fault({ cluster, topic }) {
    older ??= process.env.TIDEMARK_OTHER_CLONE ?? (await buildOlder());
    const broken: string[] = [];
    for (const clone of [older, ROOT]) {
      for (const broker of cluster.brokers) {
        await broker.signal('SIGTERM');
        if (broker.exitCode !== 0) broken.push(`broker ${broker.nodeId} ended with ${broker.exitCode}`);
        broker.clone = clone;
        await broker.restart();
        await cluster.inSync(topic);
      }
    }
    const [then, now] = [await versionOf(older), await versionOf(ROOT)];
    return { bit: then !== now, why: `brokers of ${then} among those of ${now}, and back`, broken };
  },
};

const versionOf = (clone: string): Promise<string> => git(clone, 'rev-parse', '--short', 'HEAD');

async function git(clone: string, ...args: readonly string[]): Promise<string> {
  return (await run('git', ['-C', clone, ...args])).stdout.trim();
}

/** In a folder of its own, gone when this process is. Its packages are links to the same files. */
async function buildOlder(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-older-'));
  const clone = join(folder, 'clone');
  atExit(() => {
    rmSync(folder, { recursive: true, force: true });
    execFileSync('git', ['-C', ROOT, 'worktree', 'prune']);
  });
  await git(ROOT, 'worktree', 'add', '--quiet', '--detach', clone, OLDER);
  await run('cp', ['-al', join(ROOT, 'node_modules'), clone]);
  await run(process.execPath, [join(clone, 'node_modules/typescript/bin/tsc'), '-b', 'apps/broker'], {
    cwd: clone,
  });
  if (!existsSync(join(clone, 'apps/broker/dist/main.js'))) throw new Error(`${OLDER} has no built broker`);
  return clone;
}

// T1. The wall clocks of brokers jump: an hour ahead on one, an hour back on another, to and fro on the third.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Row } from '../../../faults/row.js';

const HOUR_MS = 3_600_000;
const HOOK = join(import.meta.dirname, '../../../../src/faults/skewed-clock.cjs');

export const clockSkew: Row = {
  name: 'T1',
  what: 'wall clocks are an hour ahead, an hour back, and jump by 5 s to and fro',
  mustHold: 'no session ends, nobody is elected, nothing is lost: only monotonic time decides',
  nodeArguments: ['--require', HOOK],
  rounds: 1,
  async fault({ cluster, workload, topic }) {
    const before = await cluster.partitions(topic);
    const controller = await cluster.controllerKnown();
    const offset = (node: number, ms: number): void =>
      writeFileSync(join(cluster.broker(node).directory, 'skew'), String(ms));
    offset(1, HOUR_MS);
    offset(2, -HOUR_MS);
    for (let jump = 0; jump < 40; jump++) {
      offset(3, jump % 2 === 0 ? 5_000 : -5_000);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await workload.progress(100);
    const after = await cluster.partitions(topic);
    const moved = after.filter(({ leaderEpoch }, index) => leaderEpoch !== before[index]?.leaderEpoch);
    const broken = moved.length > 0 ? [`${moved.length} partitions changed their leader`] : [];
    if ((await cluster.controllerKnown()) !== controller) broken.push('another controller was elected');
    return { bit: jumps(), why: 'clocks moved by an hour and by 5 s', broken };
  },
};

/** The hook is seen to move a clock. */
function jumps(): boolean {
  const directory = mkdtempSync(join(tmpdir(), 'tidemark-skew-'));
  try {
    writeFileSync(join(directory, 'skew'), String(HOUR_MS));
    const environment = { PATH: process.env.PATH, TIDEMARK_RUN_FILE: join(directory, 'run.json') };
    const run = spawnSync(process.execPath, ['--require', HOOK, '-p', 'Date.now()'], { env: environment });
    return Number(run.stdout.toString()) - Date.now() > HOUR_MS / 2;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

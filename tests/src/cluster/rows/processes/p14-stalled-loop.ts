// P14. The event loop of a leader stands still, as in one long computation: for less than a session, then for more.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../../../harness/eventually.js';
import type { Row } from '../../../faults/row.js';

const HOOK = join(import.meta.dirname, '../../../../src/faults/stalled-loop.cjs');
const STALLS_MS = [1_000, 6_000];

export const stalledLoop: Row = {
  name: 'P14',
  what: 'the event loop of a leader stands still for 1 s, and for 6 s',
  mustHold: 'as for a pause; nothing is lost',
  nodeArguments: ['--require', HOOK],
  rounds: 2,
  async fault({ cluster, workload, topic, round }) {
    const victim = (await cluster.partitions(topic))[0]?.leader ?? 1;
    const stallMs = STALLS_MS[round % STALLS_MS.length] ?? 0;
    const file = join(cluster.broker(victim).directory, 'stall');
    writeFileSync(file, String(stallMs));
    await eventually(() => !existsSync(file), 10_000, 'the stall begins');
    const begun = performance.now();
    await cluster.controllerKnown();
    await workload.progress(30);
    await eventually(() => performance.now() - begun > stallMs, 60_000, 'the stall ends');
    return { bit: true, why: `broker ${victim} stood still for ${stallMs} ms`, group: `${stallMs} ms` };
  },
};

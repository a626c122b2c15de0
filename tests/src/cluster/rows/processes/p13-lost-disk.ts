// P13. A broker comes back under its old id with an empty directory: a new one, for it may neither vote nor be taken for
// a replica that has everything.
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import type { Row } from '../../../faults/row.js';

export const lostDisk: Row = {
  name: 'P13',
  what: 'a broker is killed, its data directory is deleted, and it comes back with the same id',
  mustHold: 'it leads nothing before it has caught up; nothing acknowledged is lost',
  rounds: 1,
  async fault({ cluster, workload, topic }) {
    const victim = (await cluster.partitions(topic))[0]?.leader ?? 1;
    const broker = cluster.broker(victim);
    await broker.signal('SIGKILL');
    await workload.progress(50);
    rmSync(broker.dataDirectory, { recursive: true, force: true });
    broker.environment.TIDEMARK_DIRECTORY_ID = randomUUID();
    await broker.restart();
    await cluster.inSync(topic);
    return { bit: true, why: `broker ${victim} came back with an empty disk` };
  },
};

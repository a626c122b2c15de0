// D12. The disk of a leader dies under it: every write and every flush fails, what is there can still be read.
import type { Row } from '../../../faults/row.js';
import { hasNewLeaders } from '../leaders.js';

export const deadDisk: Row = {
  name: 'D12',
  what: 'the disk of a leader dies while it writes',
  mustHold: 'it acknowledges nothing more and others lead; nothing is lost',
  needs: 'disks',
  rounds: 2,
  async fault({ cluster, disks, workload, topic, round }) {
    const before = await cluster.partitions(topic);
    const victim = before[0]?.leader ?? 1;
    const broker = cluster.broker(victim);
    disks.lose(victim);
    const { bit, why } = await hasNewLeaders(cluster.without(victim), topic, before, victim);
    await workload.progress(30);
    await broker.signal('SIGKILL');
    disks.remount(victim);
    broker.environment.TIDEMARK_BOOT_ID = `boot-${round + 2}`;
    return { bit, why: `disk of broker ${victim} dead; ${why}` };
  },
};

// D11. The power fails on all three machines at once: only what was forced to disk is left.
import type { Row } from '../../../faults/row.js';

export const powerLossOfAll: Row = {
  name: 'D11',
  what: 'power loss of all three machines at once',
  mustHold: 'a quorum topic loses nothing acknowledged',
  needs: 'disks',
  protocols: ['quorum'],
  rounds: 2,
  async fault({ cluster, disks, round }) {
    for (const { nodeId } of cluster.brokers) disks.lose(nodeId);
    await Promise.all(cluster.brokers.map((broker) => broker.signal('SIGKILL')));
    for (const broker of cluster.brokers) {
      disks.remount(broker.nodeId);
      broker.environment.TIDEMARK_BOOT_ID = `boot-${round + 2}`;
    }
    await cluster.launchAll();
    // The site has shown before that its file systems lose what is not flushed.
    return { bit: true, why: 'file systems of all brokers shut down, processes killed, mounted again' };
  },
};

export const powerLossOfOne: Row = {
  name: 'D11a',
  what: 'power loss of one machine, which leads partitions',
  mustHold:
    'it comes back as one that may have lost data, leads nothing before it has caught up; nothing is lost',
  needs: 'disks',
  rounds: 3,
  async fault({ cluster, disks, workload, topic, round }) {
    const victim = (await cluster.partitions(topic))[0]?.leader ?? 1;
    const broker = cluster.broker(victim);
    disks.lose(victim);
    await broker.signal('SIGKILL');
    disks.remount(victim);
    broker.environment.TIDEMARK_BOOT_ID = `boot-${round + 2}`;
    await workload.progress(10);
    await broker.restart();
    return { bit: true, why: `power of broker ${victim} lost` };
  },
};

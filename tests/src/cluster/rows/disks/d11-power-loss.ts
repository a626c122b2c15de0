// D11. The power fails on all three machines at once: only what was forced to disk is left.
import type { Row, Stage } from '../../../faults/row.js';

export const powerLossOfAll: Row = {
  name: 'D11',
  what: 'power loss of all three machines at once',
  mustHold:
    'a quorum loses nothing acknowledged; primary-backup may lose the last moments, and nothing before them',
  needs: 'disks',
  rounds: 2,
  mayLose: (protocol) => protocol === 'primary-backup',
  fault: allLosePower,
};

export const powerLossWithFlushes: Row = {
  name: 'D11b',
  what: 'power loss of all three machines at once, the topic with flush.messages=1',
  mustHold: 'primary-backup loses nothing acknowledged either: each replica has flushed what it acknowledges',
  needs: 'disks',
  rounds: 2,
  protocols: ['primary-backup'],
  topicConfigs: { 'flush.messages': '1' },
  fault: allLosePower,
};

async function allLosePower({ cluster, disks, round }: Stage): ReturnType<Row['fault']> {
  for (const { nodeId } of cluster.brokers) disks.lose(nodeId);
  await Promise.all(cluster.brokers.map((broker) => broker.signal('SIGKILL')));
  for (const broker of cluster.brokers) {
    disks.remount(broker.nodeId);
    broker.environment.TIDEMARK_BOOT_ID = `boot-${round + 2}`;
  }
  await cluster.launchAll();
  // The site has shown before that its file systems lose what is not flushed.
  return { bit: true, why: 'file systems of all brokers shut down, processes killed, mounted again' };
}

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

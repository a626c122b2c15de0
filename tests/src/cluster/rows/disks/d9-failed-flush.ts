// D9. One flush of a leader fails, and later ones would succeed: what the disk has then, nobody knows. In other rounds it
// is a flush of the metadata log.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../../../harness/eventually.js';
import type { Row } from '../../../faults/row.js';
import { hasNewLeaders } from '../leaders.js';
import { FAULTY_DISK, healFlushes, orderFlushes, sufferedFlushes } from './flushes.js';

const PATHS = ['faults-', '__cluster_metadata'] as const;

export const failedFlush: Row = {
  name: 'D9',
  what: "one flush of a leader's partition, or of its metadata log, answers EIO",
  mustHold: 'it does not try again and acknowledge: it gives up its leadership, and nothing is lost',
  nodeArguments: ['--require', FAULTY_DISK],
  topicConfigs: { 'flush.messages': '1' },
  rounds: 4,
  async fault({ cluster, workload, topic, protocol, round }) {
    const before = await cluster.partitions(topic);
    const victim = before[0]?.leader ?? 1;
    const broker = cluster.broker(victim);
    const path = PATHS[round % PATHS.length] ?? '';
    rmSync(join(broker.directory, 'disk-suffered'), { force: true });
    orderFlushes(broker, { path, fail: 1 });
    if (path !== PATHS[0])
      await cluster.createTopic({ name: `more-${round}`, partitions: 1, protocol, replicas: 1 });
    await eventually(() => sufferedFlushes(broker) > 0, 30_000, 'a flush fails');
    const { bit, why } = await hasNewLeaders(cluster, topic, before, victim);
    await workload.progress(30);
    healFlushes(broker);
    const ended = broker.running ? 'runs' : `ended with ${broker.exitCode}`;
    return { bit, why: `a flush of ${path} on broker ${victim} failed, it ${ended}; ${why}`, group: path };
  },
};

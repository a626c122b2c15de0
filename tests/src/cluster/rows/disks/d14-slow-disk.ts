// D14. Every flush of one broker takes half a second: of a leader's, then of a follower's.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../../../harness/eventually.js';
import type { Row } from '../../../faults/row.js';
import { FAULTY_DISK, healFlushes, orderFlushes, sufferedFlushes } from './flushes.js';

const SLOW_MS = 500;
const SUFFERED = 12;

export const slowDisk: Row = {
  name: 'D14',
  what: `every flush of one broker, a leader or a follower of partition 0, takes ${SLOW_MS} ms`,
  mustHold:
    'slower, not broken: leaders and the in-sync set do not flap; a quorum does not wait for a follower',
  nodeArguments: ['--require', FAULTY_DISK],
  topicConfigs: { 'flush.messages': '1' },
  rounds: 2,
  async fault({ cluster, workload, topic, round }) {
    const before = await cluster.partitions(topic);
    const [view] = before;
    const isLeader = round % 2 === 0;
    const victim = (isLeader ? view?.leader : view?.replicas.find((node) => node !== view.leader)) ?? 1;
    const broker = cluster.broker(victim);
    rmSync(join(broker.directory, 'disk-suffered'), { force: true });
    orderFlushes(broker, { path: '', slowMs: SLOW_MS });
    try {
      await workload.progress(200, 120_000);
      await eventually(() => sufferedFlushes(broker) >= SUFFERED, 60_000, 'flushes are slow');
      const after = await cluster.partitions(topic);
      const changes = after.map(({ leaderEpoch }, index) => leaderEpoch - (before[index]?.leaderEpoch ?? 0));
      const broken = changes.some((count) => count > 2) ? [`epochs grew by ${changes.join(', ')}`] : [];
      const suffered = sufferedFlushes(broker);
      const group = isLeader ? 'leader' : 'follower';
      return {
        bit: suffered >= SUFFERED,
        why: `${suffered} slow flushes of broker ${victim} (${group})`,
        broken,
        group,
      };
    } finally {
      healFlushes(broker);
    }
  },
};

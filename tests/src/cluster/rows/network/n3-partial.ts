// N3. Two brokers lose each other and both reach the third, the active controller: nobody is dead, and yet replicas do
// not hear their leader.
import type { Row } from '../../../faults/row.js';

export const partialPartition: Row = {
  name: 'N3',
  what: 'two brokers do not reach each other, both reach the controller',
  mustHold: 'partitions go on without the replica that is cut off; leaders do not change for ever',
  settings: { 'replica.lag.time.max.ms': '3000' },
  needs: 'network',
  rounds: 1,
  async fault({ cluster, workload, network, topic }) {
    const controller = await cluster.controllerKnown();
    const [one = 1, other = 2] = cluster.brokers
      .map(({ nodeId }) => nodeId)
      .filter((id) => id !== controller);
    const before = await cluster.partitions(topic);
    network.cut(one, other);
    try {
      await workload.progress(300);
      const after = await cluster.partitions(topic);
      const changes = after.map(({ leaderEpoch }, index) => leaderEpoch - (before[index]?.leaderEpoch ?? 0));
      const broken = changes.some((count) => count > 3)
        ? [`leaders changed ${changes.join(', ')} times`]
        : [];
      const dropped = network.dropped(one);
      return { bit: dropped > 0, why: `brokers ${one} and ${other}: ${dropped} packets dropped`, broken };
    } finally {
      network.heal();
    }
  },
};

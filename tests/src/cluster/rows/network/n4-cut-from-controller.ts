// N4. A leader of partitions is cut off from the active controller only.
import type { Row } from '../../../faults/row.js';
import { hasNewLeaders, leadersOf } from '../leaders.js';

export const cutFromController: Row = {
  name: 'N4',
  what: 'a leader reaches the other broker and its clients, and not the active controller',
  mustHold: 'it is fenced, and serves as a leader no more; nothing is lost',
  needs: 'network',
  rounds: 2,
  async fault({ cluster, workload, network, topic }) {
    const controller = await cluster.controllerKnown();
    const before = await cluster.partitions(topic);
    const victim = leadersOf(before).find((node) => node !== controller) ?? 1;
    network.cut(victim, controller);
    try {
      const { bit, why } = await hasNewLeaders(cluster, topic, before, victim);
      await workload.progress(30);
      const dropped = network.dropped(victim);
      return { bit: bit && dropped > 0, why: `broker ${victim}: ${dropped} packets dropped; ${why}` };
    } finally {
      network.heal();
    }
  },
};

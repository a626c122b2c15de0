// N1. A leader is cut off from the other brokers, not from its clients: whatever it tells them, it may acknowledge nothing.
import type { Row } from '../../../faults/row.js';
import { hasNewLeaders, leadersOf } from '../leaders.js';

export const isolatedLeader: Row = {
  name: 'N1',
  what: 'a leader is cut off from both other brokers while its clients still reach it',
  mustHold: 'it acknowledges nothing alone; the majority goes on; it gives up its own tail afterwards',
  needs: 'network',
  rounds: 2,
  async fault({ cluster, workload, network, topic, round }) {
    const before = await cluster.partitions(topic);
    const controller = await cluster.controllerKnown();
    const leaders = leadersOf(before);
    const victim = leaders.find((node) => (node === controller) === (round % 2 === 1)) ?? leaders[0] ?? 1;
    for (const { nodeId } of cluster.brokers) if (nodeId !== victim) network.cut(victim, nodeId);
    try {
      const { bit, why } = await hasNewLeaders(cluster.without(victim), topic, before, victim);
      await workload.progress(30);
      const dropped = network.dropped(victim);
      const group = victim === controller ? 'controller' : 'leader only';
      return { bit: bit && dropped > 0, why: `broker ${victim}: ${dropped} packets dropped; ${why}`, group };
    } finally {
      network.heal();
    }
  },
};

// N11. A machine is gone without a word: no connection ends, nobody answers.
import type { Row } from '../../../faults/row.js';
import { hasNewLeaders, leadersOf } from '../leaders.js';

export const silentPeer: Row = {
  name: 'N11',
  what: 'a leader is gone silently, for the other brokers and for clients: connections stay half open',
  mustHold: 'noticed after the session timeout; nobody waits for ever; nothing is lost',
  needs: 'network',
  rounds: 2,
  async fault({ cluster, workload, network, topic, round }) {
    const controller = await cluster.controllerKnown();
    const before = await cluster.partitions(topic);
    const leaders = leadersOf(before);
    const victim = leaders.find((node) => (node === controller) === (round % 2 === 1)) ?? leaders[0] ?? 1;
    for (const { nodeId } of cluster.brokers) if (nodeId !== victim) network.cut(victim, nodeId);
    network.cutClients(victim);
    try {
      const { bit, why } = await hasNewLeaders(cluster.without(victim), topic, before, victim);
      await workload.progress(30);
      const group = victim === controller ? 'controller' : 'leader only';
      const dropped = network.dropped(victim);
      return { bit: bit && dropped > 0, why: `broker ${victim}: ${dropped} packets dropped; ${why}`, group };
    } finally {
      network.heal();
    }
  },
};

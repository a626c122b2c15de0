// N2. A leader that hears nobody, and in other rounds one that nobody hears. It takes the active controller, which leads
// the metadata as well: it must see by itself that it leads no longer.
import type { Row } from '../../../faults/row.js';

export const oneWay: Row = {
  name: 'N2',
  what: 'the active controller sends and does not receive, or receives and does not send',
  mustHold: 'it steps down, another is elected and stays; nothing is lost',
  needs: 'network',
  rounds: 2,
  async fault({ cluster, workload, network, round }) {
    const victim = await cluster.controllerKnown();
    const direction = round % 2 === 0 ? 'in' : 'out';
    for (const { nodeId } of cluster.brokers) if (nodeId !== victim) network.cut(victim, nodeId, direction);
    try {
      const others = cluster.without(victim);
      const next = await others.controllerKnown();
      await workload.progress(30);
      const dropped = network.dropped(victim);
      const why = `controller ${victim} cut ${direction}: ${dropped} packets dropped; ${next} took over`;
      return { bit: dropped > 0 && next !== victim, why };
    } finally {
      network.heal();
    }
  },
};

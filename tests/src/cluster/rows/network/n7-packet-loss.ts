// N7. Packets get lost between all brokers.
import type { Row } from '../../../faults/row.js';

const LOSSES = [0.05, 0.2, 0.4];

export const packetLoss: Row = {
  name: 'N7',
  what: 'of the packets between all brokers 5 %, 20 % and 40 % are lost',
  mustHold: 'slower, and nothing lost; leaders may change',
  needs: 'network',
  rounds: LOSSES.length,
  async fault({ cluster, workload, network, round }) {
    const loss = LOSSES[round % LOSSES.length] ?? 0;
    const nodes = cluster.brokers.map(({ nodeId }) => nodeId);
    for (const node of nodes) {
      for (const peer of nodes) if (peer > node) network.lose(node, peer, loss / 2);
    }
    try {
      await workload.progress(60, 180_000);
      const dropped = nodes.reduce((sum, node) => sum + network.dropped(node), 0);
      return { bit: dropped > 0, why: `${loss * 100} %: ${dropped} packets lost` };
    } finally {
      network.heal();
    }
  },
};

// P1. Every broker in turn, and each leads when its turn comes: before a kill leadership goes back to the first replicas.
// Whoever is the active controller at that time is the worst to lose, and counted apart.
import type { Row } from '../../../faults/row.js';
import { hasNewLeaders, preferredLead } from '../leaders.js';

export const killBrokers: Row = {
  name: 'P1',
  what: 'kill -9 of every broker in turn, each a partition leader, with a restart after each',
  mustHold: 'nothing acknowledged is lost, written twice or out of order; producers go on within a blink',
  rounds: 10,
  faultsPerRound: 3,
  gapLimits: { median: 300, max: 1_000 },
  async fault({ cluster, workload, topic, round }) {
    const victim = cluster.brokers[round % cluster.brokers.length]?.nodeId ?? 1;
    const before = await preferredLead(cluster, topic);
    const controller = await cluster.controllerKnown();
    workload.resetGaps();
    await cluster.broker(victim).signal('SIGKILL');
    const { bit, why } = await hasNewLeaders(cluster, topic, before, victim);
    const group = victim === controller ? 'controller' : 'leader only';
    return { bit, why: `broker ${victim} (${group}) killed; ${why}`, group };
  },
};

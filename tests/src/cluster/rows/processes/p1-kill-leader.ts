// P1. Every other round the leader that dies is the active controller too: the worst broker to lose.
import type { Row } from '../../../faults/row.js';
import { hasNewLeaders, leadersOf } from '../leaders.js';

export const killLeader: Row = {
  name: 'P1',
  what: 'kill -9 of a partition leader, again and again',
  mustHold: 'nothing acknowledged is lost, written twice or out of order; producers go on within a blink',
  rounds: 30,
  gapLimits: { median: 300, max: 1_000 },
  async fault({ cluster, topic, round }) {
    const before = await cluster.partitions(topic);
    const controller = await cluster.controllerKnown();
    const leaders = leadersOf(before);
    const wanted = leaders.filter((node) => (node === controller) === (round % 2 === 1));
    const victim = wanted[round % Math.max(1, wanted.length)] ?? leaders[0] ?? 1;
    await cluster.broker(victim).signal('SIGKILL');
    const { bit, why } = await hasNewLeaders(cluster, topic, before, victim);
    const group = victim === controller ? 'controller' : 'leader only';
    return { bit, why: `broker ${victim} (${group}) killed; ${why}`, group };
  },
};

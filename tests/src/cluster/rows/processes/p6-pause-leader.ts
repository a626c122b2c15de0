// P6. A hang: the connections stay, nothing answers. Only the session's end can tell.
import { eventually } from '../../../harness/eventually.js';
import type { Row } from '../../../faults/row.js';
import { hasNewLeaders, leadersOf } from '../leaders.js';

const SESSION_MS = 3_000;

export const pauseLeader: Row = {
  name: 'P6',
  what: 'SIGSTOP of a partition leader for longer than its session, then SIGCONT',
  mustHold:
    'another leads after the session timeout and at most 500 ms; the old one acknowledges nothing more',
  settings: { 'broker.session.timeout.ms': String(SESSION_MS) },
  rounds: 4,
  // Of the active controller: its followers' fetch timeout and an election as well.
  gapLimits: { max: SESSION_MS + 500 + 1_500 },
  async fault({ cluster, topic, round }) {
    const before = await cluster.partitions(topic);
    const controller = await cluster.controllerKnown();
    const leaders = leadersOf(before);
    const wanted = leaders.filter((node) => (node === controller) === (round % 2 === 1));
    const victim = wanted[0] ?? leaders[0] ?? 1;
    const broker = cluster.broker(victim);
    await broker.signal('SIGSTOP');
    try {
      const others = cluster.without(victim);
      const { bit, why } = await hasNewLeaders(others, topic, before, victim);
      await eventually(
        async () => (await others.controllerKnown()) !== victim,
        30_000,
        'a controller that runs',
      );
      const group = victim === controller ? 'controller' : 'leader only';
      return { bit, why: `broker ${victim} (${group}) stopped; ${why}`, group };
    } finally {
      await broker.signal('SIGCONT');
    }
  },
};

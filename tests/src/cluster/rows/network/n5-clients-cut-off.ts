// N5. Clients lose a leader that is well and stays leader; and clients that have lost it see it killed: what they had sent
// and were not told about they send again, to whoever leads.
import { eventually } from '../../../harness/eventually.js';
import type { Row } from '../../../faults/row.js';
import { hasNewLeaders, preferredLead } from '../leaders.js';

/** Longer than clients wait for an answer. */
const CUT_MS = 3_000;

export const clientsCutOff: Row = {
  name: 'N5',
  what: `clients are cut off from one leader for ${CUT_MS / 1000} s, or cut off from it and then it is killed`,
  mustHold: 'producers send again to whoever leads, and nothing is written twice; nothing is lost',
  needs: 'network',
  rounds: 4,
  async fault({ cluster, workload, network, topic, round }) {
    const before = await preferredLead(cluster, topic);
    const victim = before[0]?.leader ?? 1;
    const concerned = workload.producers.filter(({ partition }) => before[partition]?.leader === victim);
    const isKilled = round % 2 === 1;
    workload.resetGaps();
    network.cutClients(victim);
    let moved = { bit: true, why: 'it leads on' };
    try {
      await waited(concerned, isKilled ? CUT_MS / 3 : CUT_MS);
      if (isKilled) {
        await cluster.broker(victim).signal('SIGKILL');
        moved = await hasNewLeaders(cluster, topic, before, victim);
        await workload.progress(30);
      }
      const dropped = isKilled ? 1 : network.dropped(victim);
      const why = `clients lost broker ${victim}: ${dropped} packets dropped; ${moved.why}`;
      return { bit: moved.bit && dropped > 0, why, group: isKilled ? 'and killed' : 'cut off' };
    } finally {
      network.heal();
    }
  },
};

type Waiting = readonly { readonly longestGapMs: number }[];

/** Every one of them has gone without an acknowledgement for so long. */
async function waited(producers: Waiting, ms: number): Promise<void> {
  await eventually(
    () => producers.every(({ longestGapMs }) => longestGapMs >= ms),
    ms + 30_000,
    `producers of the leader that is cut off wait ${ms} ms`,
  );
}

// P9. A replica that missed much comes back first and alone; it must not lead, for it lacks what was acknowledged.
import { eventually } from '../../../harness/eventually.js';
import type { Row } from '../../../faults/row.js';

/** For so long the stale broker is alone. */
const ALONE_MS = 4_000;

export const outOfOrderRestart: Row = {
  name: 'P9',
  what: 'a broker dies, much is written, the others die; the stale one starts first and alone, then the others',
  mustHold: 'the stale replica never leads; nothing acknowledged is lost',
  rounds: 2,
  async fault({ cluster, workload, topic }) {
    const stale = (await cluster.partitions(topic))[0]?.replicas[0] ?? 1;
    await cluster.broker(stale).signal('SIGKILL');
    await eventually(() => cluster.isFenced(stale), 30_000, `broker ${stale} is fenced`);
    await workload.progress(100);
    await Promise.all(cluster.brokers.map((broker) => broker.signal('SIGKILL')));
    const alone = cluster.broker(stale);
    alone.launch();
    const acknowledged = workload.acknowledged;
    await new Promise((resolve) => setTimeout(resolve, ALONE_MS));
    const broken = workload.acknowledged > acknowledged ? ['the stale broker acknowledged alone'] : [];
    await cluster.launchAll();
    await alone.ready(60_000);
    return { bit: true, why: `broker ${stale} missed records and came back first`, broken };
  },
};

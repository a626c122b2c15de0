// P8. All at the same moment; then all of them come back, and every other round only a majority at first.
import type { Row } from '../../../faults/row.js';

export const killAll: Row = {
  name: 'P8',
  what: 'kill -9 of all brokers together, then a restart of all, or of a majority first',
  mustHold: 'every acknowledged record is there: the page cache survives the processes',
  rounds: 4,
  async fault({ cluster, workload, round }) {
    const before = workload.retries;
    await Promise.all(cluster.brokers.map((broker) => broker.signal('SIGKILL')));
    if (round % 2 === 1) {
      const majority = cluster.brokers.slice(1);
      for (const broker of majority) broker.launch();
      await Promise.all(majority.map((broker) => broker.ready(60_000)));
      await workload.progress(1);
    } else await cluster.launchAll();
    await workload.progress(1);
    const retries = workload.retries - before;
    return { bit: retries > 0, why: `all killed, producers tried again ${retries} times` };
  },
};

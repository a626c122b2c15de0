// P15. Brokers have next to no memory.
import type { Row } from '../../../faults/row.js';

export const smallHeap: Row = {
  name: 'P15',
  what: 'brokers with a heap of 64 MB under records of 50 kB',
  mustHold: 'back-pressure or a clean end and recovery; nothing is lost',
  nodeArguments: ['--max-old-space-size=64'],
  recordBytes: 50_000,
  rounds: 1,
  async fault({ cluster, workload }) {
    await workload.progress(500, 180_000);
    const ended = cluster.brokers.filter(({ running }) => !running).length;
    return { bit: true, why: `${ended} brokers ended under load` };
  },
};

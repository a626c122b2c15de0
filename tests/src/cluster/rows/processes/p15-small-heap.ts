// P15. Brokers have next to no memory: so little that what is written comes close to it, or that one ends for want of it.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Row } from '../../../faults/row.js';

const HOOK = join(import.meta.dirname, '../../../../src/faults/watched-heap.cjs');
const HEAP_MB = 14;
/** Of the heap in use, at some moment: closer than this a broker of this size does not come by chance. */
const CLOSE = 0.65;

export const smallHeap: Row = {
  name: 'P15',
  what: `brokers with a heap of ${HEAP_MB} MB under records of 50 kB`,
  mustHold: 'back-pressure or a clean end and recovery; nothing is lost',
  nodeArguments: [`--max-old-space-size=${HEAP_MB}`, '--max-semi-space-size=1', '--require', HOOK],
  recordBytes: 50_000,
  rounds: 1,
  async fault({ cluster, workload }) {
    let ended = 0;
    const bringBack = setInterval(() => {
      for (const broker of cluster.brokers.filter(({ running }) => !running)) {
        ended += 1;
        broker.launch();
      }
    }, 500);
    await workload.progress(500, 180_000).finally(() => clearInterval(bringBack));
    const shares = cluster.brokers.map(({ directory }) => heapShare(join(directory, 'heap')));
    const most = Math.max(...shares);
    const why = `brokers ended ${ended} times under load; the heap was ${shares.map((share) => `${Math.round(share * 100)} %`).join(', ')} full`;
    return { bit: ended > 0 || most >= CLOSE, why };
  },
};

const heapShare = (path: string): number => (existsSync(path) ? Number(readFileSync(path, 'utf8')) : 0);

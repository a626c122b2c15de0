// P5. Every broker in turn is told to end, and started again: leadership moves before the listener closes.
import type { Row } from '../../../faults/row.js';
import { leadersOf } from '../leaders.js';

export const rollingRestart: Row = {
  name: 'P5',
  what: 'rolling restart of all brokers by SIGTERM',
  mustHold: 'each ends with 0 in time, leadership has moved before, producers hardly notice',
  rounds: 3,
  gapLimits: { max: 1_000 },
  async fault({ cluster, topic }) {
    const broken: string[] = [];
    let led = 0;
    for (const broker of cluster.brokers) {
      led += leadersOf(await cluster.partitions(topic)).includes(broker.nodeId) ? 1 : 0;
      const begun = performance.now();
      await broker.signal('SIGTERM');
      const tookMs = Math.round(performance.now() - begun);
      if (broker.exitCode !== 0) broken.push(`broker ${broker.nodeId} ended with ${broker.exitCode}`);
      if (broker.log.includes('leadership could not be moved'))
        broken.push(`broker ${broker.nodeId}: leadership was not moved in time`);
      if (tookMs > 10_000) broken.push(`broker ${broker.nodeId} took ${tookMs} ms to end`);
      await broker.restart();
      await cluster.inSync(topic);
    }
    return { bit: led > 0, why: `all restarted, ${led} of them led partitions`, broken };
  },
};

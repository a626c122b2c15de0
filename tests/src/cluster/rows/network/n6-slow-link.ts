// N6. One follower is behind a link that is slower than what is written.
import type { Row } from '../../../faults/row.js';

export const slowLink: Row = {
  name: 'N6',
  what: 'everything that one follower sends goes through 16 kbit/s',
  mustHold: 'a quorum does not wait for it, primary-backup until it has left the ISR; it catches up later',
  settings: { 'replica.lag.time.max.ms': '3000' },
  needs: 'network',
  recordBytes: 500,
  rounds: 1,
  async fault({ cluster, workload, network, topic }) {
    const controller = await cluster.controllerKnown();
    const led = await cluster.partitions(topic);
    const [view] = led;
    const followers = (view?.replicas ?? []).filter((node) => node !== view?.leader);
    const victim = followers.find((node) => node !== controller) ?? followers[0] ?? 1;
    network.slow(victim, '16kbit');
    try {
      await workload.progress(300, 120_000);
      const others = workload.producers.filter(({ partition }) => led[partition]?.leader !== victim);
      const waited = Math.round(Math.max(...others.map(({ longestGapMs }) => longestGapMs)));
      const why = `broker ${victim} behind a slow link; partitions that others lead waited ${waited} ms`;
      return { bit: network.backlogged(victim), why };
    } finally {
      network.heal();
    }
  },
};

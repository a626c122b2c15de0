// N6. One follower is behind a link that is slower than what is written. That it bites shows in the follower's log, which
// falls behind those of the others, and with primary-backup in the in-sync set, which it leaves.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../../../harness/eventually.js';
import type { BrokerCluster } from '../../../harness/broker-cluster.js';
import type { BrokerProcess } from '../../../harness/broker-process.js';
import type { Row } from '../../../faults/row.js';

/** Bytes that the follower is behind, at least: a hundred records. */
const BEHIND = 50_000;

export const slowLink: Row = {
  name: 'N6',
  what: 'everything that one follower sends and gets from its leader goes through 16 kbit/s',
  mustHold: 'a quorum does not wait for it, primary-backup until it has left the ISR; it catches up later',
  settings: { 'replica.lag.time.max.ms': '3000' },
  needs: 'network',
  recordBytes: 500,
  rounds: 2,
  async fault({ cluster, workload, network, topic, protocol }) {
    const controller = await cluster.controllerKnown();
    const led = await cluster.partitions(topic);
    const [view] = led;
    const followers = (view?.replicas ?? []).filter((node) => node !== view?.leader);
    const victim = followers.find((node) => node !== controller) ?? followers[0] ?? 1;
    const behindBy = (): number => bytesBehind(cluster, topic, victim);
    await eventually(() => behindBy() < BEHIND / 2, 60_000, `broker ${victim} has caught up`);
    network.slow(victim, '16kbit');
    try {
      const begun = performance.now();
      if (protocol === 'primary-backup') {
        const others = cluster.without(victim);
        await eventually(
          async () => (await others.partitions(topic))[0]?.isr.includes(victim) === false,
          60_000,
          `broker ${victim} leaves the in-sync set`,
        );
      }
      const behind = await eventually(
        () => (behindBy() >= BEHIND ? behindBy() : undefined),
        60_000,
        `broker ${victim} falls behind`,
      );
      const leftMs = Math.round(performance.now() - begun);
      await workload.progress(300, 120_000);
      const elsewhere = workload.producers.filter(({ partition }) => led[partition]?.leader !== victim);
      const waited = Math.round(Math.max(...elsewhere.map(({ longestGapMs }) => longestGapMs)));
      const why = `broker ${victim} ${behind} bytes behind, seen after ${leftMs} ms; partitions that others lead waited ${waited} ms`;
      return { bit: network.backlogged(victim), why };
    } finally {
      network.heal();
    }
  },
};

/** Of partition 0, by the files: what the broker would tell must go through the slow link too. */
function bytesBehind(cluster: BrokerCluster, topic: string, node: number): number {
  const bytes = (broker: BrokerProcess): number => {
    const directory = join(broker.dataDirectory, `${topic}-0`);
    const logs = readdirSync(directory).filter((name) => name.endsWith('.log'));
    return logs.reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
  };
  return Math.max(...cluster.brokers.map(bytes)) - bytes(cluster.broker(node));
}

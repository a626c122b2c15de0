// P12. Five brokers, so that the controllers keep their majority, and a topic on three of them: one replica misses what is
// written, then the two others are gone. Where unclean elections are allowed, what was lost must be told; where not, and
// with a quorum whatever is allowed, nobody leads until one comes back that has everything.
import { eventually } from '../../../harness/eventually.js';
import type { Row, Stage } from '../../../faults/row.js';

const MISSED = 600;
/** For so long the stale replica is alone. */
const ALONE_MS = 4_000;

const BROKERS = 5;

export const uncleanElection: Row = {
  name: 'P12',
  what: 'unclean elections are allowed, and only a replica that has missed records is alive',
  mustHold:
    'it leads and says so, readers are told that their position is gone; what is missing is one piece, no value is there twice',
  brokers: BROKERS,
  partitions: 1,
  topicConfigs: { 'unclean.leader.election.enable': 'true', 'min.insync.replicas': '1' },
  protocols: ['primary-backup'],
  mayLose: () => true,
  rounds: 2,
  async fault(stage) {
    const { cluster, workload, topic } = stage;
    const { stale, others, end } = await leaveStaleAlone(stage);
    const lostBefore = workload.positionsLost;
    cluster.broker(stale).launch();
    const leads = async (): Promise<boolean> => (await cluster.partitions(topic))[0]?.leader === stale;
    await eventually(leads, 30_000, `broker ${stale} leads`);
    await workload.progress(30);
    for (const node of others) cluster.broker(node).launch();
    await cluster.inSync(topic);
    await workload.progress(30);
    const told = workload.positionsLost - lostBefore;
    const logged = cluster.broker(stale).log.includes('unclean election');
    const broken = [
      ...(told > 0 ? [] : ['no reader was told that its position is gone']),
      ...(logged ? [] : ['the broker does not say that it leads by an unclean election']),
    ];
    const why = `stale broker ${stale} led, ${end} records had been written; ${told} readers were told`;
    return { bit: true, why, broken };
  },
};

export const noUncleanElection: Row = {
  name: 'P12a',
  what: 'as P12, and unclean elections are not allowed, which is the default',
  mustHold:
    'the partition stays without a leader until a replica is back that has everything; nothing is lost',
  brokers: BROKERS,
  partitions: 1,
  topicConfigs: { 'min.insync.replicas': '1' },
  rounds: 2,
  async fault(stage) {
    const { cluster, workload, topic } = stage;
    const { stale, others } = await leaveStaleAlone(stage);
    const acknowledged = workload.acknowledged;
    cluster.broker(stale).launch();
    await cluster.broker(stale).ready(60_000);
    for (const node of others) {
      await eventually(() => cluster.isFenced(node), 60_000, `broker ${node} is fenced`);
    }
    const broken: string[] = [];
    for (const begun = performance.now(); performance.now() - begun < ALONE_MS;) {
      const leader = (await cluster.partitions(topic))[0]?.leader ?? -1;
      if (leader === stale) broken.push(`broker ${stale} leads, and lacks records`);
      if (broken.length > 0) break;
    }
    if (workload.acknowledged > acknowledged)
      broken.push('something was acknowledged by a stale replica alone');
    for (const node of others) cluster.broker(node).launch();
    await cluster.inSync(topic);
    return { bit: true, why: `stale broker ${stale} alone for ${ALONE_MS} ms`, broken };
  },
};

/** A replica goes, the others go on without it, and then all of them are down. */
async function leaveStaleAlone({
  cluster,
  workload,
  topic,
}: Stage): Promise<{ stale: number; others: readonly number[]; end: number }> {
  const [view] = await cluster.partitions(topic);
  const replicas = view?.replicas ?? [];
  const stale = replicas.find((node) => node !== view?.leader) ?? 1;
  const others = replicas.filter((node) => node !== stale);
  await cluster.broker(stale).signal('SIGKILL');
  await eventually(() => cluster.isFenced(stale), 30_000, `broker ${stale} is fenced`);
  await workload.progress(MISSED);
  await Promise.all(others.map((node) => cluster.broker(node).signal('SIGKILL')));
  return { stale, others, end: workload.acknowledged };
}

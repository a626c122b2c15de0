/**
 * How a cluster bears many partitions: of a thousand, each with a replica on each of three brokers, a third is led by a
 * broker that is killed with -9. Measured is how long until all of those have another leader, and until every one of them
 * has taken a record that all its replicas in sync have.
 */
import { readFileSync } from 'node:fs';
import { BrokerCluster, type PartitionView, type ReplicationProtocol } from '../../harness/broker-cluster.js';
import { eventually } from '../../harness/eventually.js';
import { produceOneTo } from '../../harness/produce-once.js';
import { WireConnection } from '../../harness/wire-connection.js';
import { preferredLead } from '../../cluster/rows/leaders.js';
import { PROTOCOLS } from '../row.js';
import { spreadOf, type Show, type ShowOptions, type ShowResult } from './show.js';

const PARTITIONS = 1_000;
const WITHIN_MS = 3_000;
const ROUNDS = 3;
const TOPIC = 'wide';
/** Partitions of one request. */
const AT_ONCE = 100;

export const scaleShow: Show = {
  name: 'scale',
  what: `kill -9 of a broker that leads a third of ${PARTITIONS} partitions of three replicas`,
  mustHold: `all of them have other leaders, and take records again, within ${WITHIN_MS} ms`,
  async run(options): Promise<ShowResult> {
    const figures: string[] = [];
    const reasons: string[] = [];
    const busy: string[] = [];
    for (const protocol of PROTOCOLS) {
      const measured = await failovers(protocol, options);
      const led = measured.map(({ count }) => count);
      const times = measured.map(({ takenMs }) => takenMs);
      const plain = times.filter((_, index) => measured[index]?.wasController === false);
      const controller = times.filter((_, index) => measured[index]?.wasController === true);
      figures.push(
        `${protocol}: ${Math.min(...led)}-${Math.max(...led)} partitions led; other leaders after ` +
          `${spreadOf(measured.map(({ ledMs }) => ledMs))} (median/max), records taken after ${spreadOf(times)}, ` +
          `of which without a processor ${spreadOf(measured.map(({ starvedMs }) => starvedMs))}` +
          (plain.length > 0 ? `; leader only (${plain.length}) ${spreadOf(plain)}` : '') +
          (controller.length > 0 ? `; controller (${controller.length}) ${spreadOf(controller)}` : ''),
      );
      const late = measured.filter(({ takenMs }) => takenMs > WITHIN_MS);
      const ours = late.filter(({ takenMs, starvedMs }) => takenMs - starvedMs > WITHIN_MS);
      const text = `${protocol}: ${late.length} of ${times.length} took longer than ${WITHIN_MS} ms`;
      if (ours.length > 0) reasons.push(text);
      else if (late.length > 0) busy.push(`${text}, but for want of a processor they had not`);
    }
    return { figures, reasons, ...(busy.length > 0 ? { invalid: busy.join('; ') } : {}) };
  },
};

interface Failover {
  readonly count: number;
  readonly wasController: boolean;
  readonly ledMs: number;
  readonly takenMs: number;
  /** Of that, the longest that a broker's event loop was ready to run and had no processor: other load. */
  readonly starvedMs: number;
}

async function failovers(
  protocol: ReplicationProtocol,
  { rounds = ROUNDS, say }: ShowOptions,
): Promise<Failover[]> {
  const cluster = await BrokerCluster.start({});
  try {
    await cluster.createTopic({ name: TOPIC, partitions: PARTITIONS, protocol });
    await takeRecords(cluster, await allLed(cluster));
    const measured: Failover[] = [];
    for (let round = 0; round < rounds; round++) {
      const failover = await killOne(cluster, round);
      measured.push(failover);
      const { count, wasController, ledMs, takenMs, starvedMs } = failover;
      const who = wasController ? 'controller' : 'broker';
      const shown = [ledMs, takenMs, starvedMs].map(Math.round);
      say(
        `${protocol}: ${who} with ${count} partitions: led after ${shown[0]} ms, taken after ${shown[1]} ms, without a processor ${shown[2]} ms`,
      );
      await cluster.launchAll();
      await cluster.inSync(TOPIC, 120_000);
    }
    return measured;
  } finally {
    await cluster.stop();
  }
}

/** A broker may be too busy to tell in time; then it is asked again. */
function allLed(cluster: BrokerCluster): Promise<readonly PartitionView[]> {
  return eventually(
    async () => {
      const views = await cluster.partitions(TOPIC);
      return views.length === PARTITIONS && views.every(({ leader }) => leader >= 0) ? views : undefined;
    },
    60_000,
    `all partitions of ${TOPIC} are led`,
  );
}

/** The broker that leads most; in every other round the active controller. */
async function killOne(cluster: BrokerCluster, round: number): Promise<Failover> {
  const before = await preferredLead(cluster, TOPIC);
  const controller = await cluster.controllerKnown();
  const ledBy = (node: number): PartitionView[] => before.filter(({ leader }) => leader === node);
  const nodes = cluster.brokers
    .map(({ nodeId }) => nodeId)
    .filter((node) => ledBy(node).length > 0 && (node === controller) === (round % 2 === 1));
  nodes.sort((one, other) => ledBy(other).length - ledBy(one).length);
  const victim = nodes[0] ?? before[0]?.leader ?? 1;
  const led = ledBy(victim);
  const others = cluster.without(victim).brokers;
  const waited = others.map(({ pid }) => processorWaitMs(pid));
  const begun = performance.now();
  await cluster.broker(victim).signal('SIGKILL');
  const moved = await eventually(
    async () => {
      const now = await cluster.partitions(TOPIC);
      const isMoved = ({ partition, leaderEpoch }: PartitionView): boolean => {
        const view = now[partition];
        return (
          view !== undefined && view.leader >= 0 && view.leader !== victim && view.leaderEpoch > leaderEpoch
        );
      };
      return led.every(isMoved) ? now : undefined;
    },
    60_000,
    `partitions of broker ${victim} have other leaders`,
  );
  const ledMs = performance.now() - begun;
  await takeRecords(
    cluster,
    led.map(({ partition }) => moved[partition]).filter((view) => view !== undefined),
  );
  const takenMs = performance.now() - begun;
  const starvedMs = Math.max(...others.map(({ pid }, index) => processorWaitMs(pid) - (waited[index] ?? 0)));
  return { count: led.length, wasController: victim === controller, ledMs, takenMs, starvedMs };
}

/** Of the main thread, where the system tells; 0 elsewhere. */
function processorWaitMs(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
  } catch {
    return 0;
  }
}

/** Every one of the partitions takes a record, from whoever leads it. */
async function takeRecords(cluster: BrokerCluster, views: readonly PartitionView[]): Promise<void> {
  const leaders = new Set(views.map(({ leader }) => leader));
  await Promise.all(
    [...leaders].map(async (leader) => {
      const connection = await WireConnection.open(cluster.broker(leader).address);
      try {
        let left = views.filter((view) => view.leader === leader).map(({ partition }) => partition);
        await eventually(
          async () => {
            const refused: number[] = [];
            for (let at = 0; at < left.length; at += AT_ONCE)
              refused.push(...(await produceOneTo(connection, TOPIC, left.slice(at, at + AT_ONCE))));
            left = refused;
            return left.length === 0;
          },
          60_000,
          `broker ${leader} takes records`,
        );
      } finally {
        connection.close();
      }
    }),
  );
}

/**
 * `tidemark registry --watch` while brokers and consumers are killed with -9: how long until it says that they have gone,
 * and until a killed consumer's partitions are consumed again by the other member of its group. Brokers are real
 * processes in a home made of their run files; members are kafkajs in processes of their own.
 */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BrokerCluster } from '../../harness/broker-cluster.js';
import { eventually } from '../../harness/eventually.js';
import { HistoryWorkload } from '../../harness/history/history-workload.js';
import { LineProcess } from '../../harness/consumers/line-process.js';
import { spreadOf, type Show, type ShowResult } from './show.js';

const CLI = join(import.meta.dirname, '../../../../apps/cli/bin/tidemark.js');
const CONSUMER = join(import.meta.dirname, '../../../dist/harness/consumers/consumer-main.js');
const TOPIC = 'watched';
const GROUP = 'watchers';
const PARTITIONS = 6;
const WITHIN_MS = 1_000;
const ROUNDS = 5;

interface Change {
  readonly type: 'added' | 'changed' | 'removed';
  readonly path: string;
  readonly value: unknown;
}

/** A batch, or a heartbeat. */
interface Sign {
  readonly partition?: number;
  readonly heartbeat?: boolean;
}

type Member = LineProcess<Sign>;

export const registryShow: Show = {
  name: 'registry',
  what: 'brokers and consumers are killed with -9 under the eyes of `tidemark registry --watch`',
  mustHold: `it says within ${WITHIN_MS} ms that they have gone; the other member consumes all within as long`,
  async run({ rounds = ROUNDS, say }) {
    const measured = await watchThemLeave(rounds, say);
    const late = entriesOf(measured)
      .filter(([, times]) => Math.max(...times) > WITHIN_MS)
      .map(([what, times]) => `${what}: ${spreadOf(times)}, limit ${WITHIN_MS} ms`);
    return { figures: figuresOf(measured), reasons: late };
  },
};

export interface Leavings {
  readonly 'a killed broker leaves the registry': number[];
  readonly 'a killed consumer leaves the registry': number[];
  readonly 'all its partitions are consumed again': number[];
}

const entriesOf = (measured: Leavings): [string, number[]][] =>
  Object.entries(measured as unknown as Record<string, number[]>);

const figuresOf = (measured: Leavings): ShowResult['figures'] =>
  entriesOf(measured).map(
    ([what, times]) => `${what} after ${spreadOf(times)} (median/max of ${times.length})`,
  );

/** Milliseconds from each kill on. */
export async function watchThemLeave(
  rounds: number,
  say: (line: string) => void = () => undefined,
): Promise<Leavings> {
  const home = mkdtempSync(join(tmpdir(), 'tidemark-watched-'));
  const cluster = await BrokerCluster.start({});
  const running: LineProcess<unknown>[] = [];
  const workload = new HistoryWorkload({
    addresses: cluster.addresses,
    topic: TOPIC,
    partitions: PARTITIONS,
  });
  try {
    linkRunFiles(home, cluster);
    await cluster.createTopic({ name: TOPIC, partitions: PARTITIONS, protocol: 'primary-backup' });
    await workload.start();
    const watcher = LineProcess.start<Change>([CLI, 'registry', '--watch', '--json'], {
      TIDEMARK_HOME: home,
    });
    running.push(watcher);
    await eventually(() => watcher.lines.length > 0, 30_000, `the registry is watched: ${watcher.errors}`);
    const leavings: Leavings = {
      'a killed broker leaves the registry': [],
      'a killed consumer leaves the registry': [],
      'all its partitions are consumed again': [],
    };
    let members = [await member(cluster, 'member-0', running), await member(cluster, 'member-1', running)];
    for (let round = 0; round < rounds; round++) {
      const [victim, survivor] = await bothConsume(members);
      await coordinated(cluster, members);
      const gone = await killConsumer(watcher, victim, survivor);
      leavings['a killed consumer leaves the registry'].push(gone.leftMs);
      leavings['all its partitions are consumed again'].push(gone.againMs);
      say(
        `consumer gone after ${Math.round(gone.leftMs)} ms, consumed again after ${Math.round(gone.againMs)} ms`,
      );
      members = [survivor, await member(cluster, `member-${round + 2}`, running)];
      await bothConsume(members);
      const leftMs = await killBroker(watcher, cluster, (round % cluster.brokers.length) + 1);
      leavings['a killed broker leaves the registry'].push(leftMs);
      say(`broker gone after ${Math.round(leftMs)} ms`);
    }
    return leavings;
  } finally {
    await workload.abandon();
    await Promise.all(running.map((one) => one.kill()));
    await cluster.stop();
    rmSync(home, { recursive: true, force: true });
  }
}

/** What the CLI looks for in a home: a run file for each process. */
function linkRunFiles(home: string, cluster: BrokerCluster): void {
  mkdirSync(join(home, 'run'));
  for (const broker of cluster.brokers)
    symlinkSync(join(broker.directory, 'run.json'), join(home, 'run', `broker-${broker.nodeId}.json`));
}

async function member(
  cluster: BrokerCluster,
  name: string,
  running: LineProcess<unknown>[],
): Promise<Member> {
  const started = LineProcess.start<Sign>([CONSUMER, cluster.addresses.join(','), TOPIC, GROUP, name]);
  running.push(started);
  await eventually(() => partitionsOf(started, 0).size > 0, 60_000, `${name} consumes ${started.errors}`);
  return started;
}

/** Each partition is consumed by one of them, and each of them consumes some. */
async function bothConsume(members: readonly Member[]): Promise<[Member, Member]> {
  const [one, other] = members;
  if (one === undefined || other === undefined) throw new Error('two members');
  await eventually(
    () => {
      const since = performance.now() - 500;
      const [mine, theirs] = [partitionsOf(one, since), partitionsOf(other, since)];
      const shared = [...mine].filter((partition) => theirs.has(partition));
      return (
        mine.size > 0 && theirs.size > 0 && shared.length === 0 && mine.size + theirs.size === PARTITIONS
      );
    },
    60_000,
    'both members consume',
  );
  return [one, other];
}

/**
 * Their coordinator has heard both and stays where it is: the end of a connection that it never saw tells it nothing, and
 * kafkajs looks for the new one only when the old one has sent it away several times.
 */
async function coordinated(cluster: BrokerCluster, members: readonly Member[]): Promise<void> {
  await cluster.balanced('__consumer_offsets');
  const since = performance.now();
  await eventually(
    () => members.every((member) => member.find(({ heartbeat }) => heartbeat === true, since) !== undefined),
    60_000,
    'the coordinator hears both members',
  );
}

function partitionsOf({ lines }: Member, sinceMs: number): Set<number> {
  const partitions = new Set<number>();
  for (const { atMs, document } of lines)
    if (atMs >= sinceMs && document.partition !== undefined) partitions.add(document.partition);
  return partitions;
}

async function killConsumer(
  watcher: LineProcess<Change>,
  victim: Member,
  survivor: Member,
): Promise<{ leftMs: number; againMs: number }> {
  const begun = performance.now();
  await victim.kill();
  const left = await eventually(
    () => watcher.find((change) => change.type === 'removed' && isMember(change.path), begun),
    60_000,
    'the killed consumer leaves the registry',
  );
  const again = await eventually(
    () => {
      const first = new Map<number, number>();
      for (const { atMs, document } of survivor.lines)
        if (atMs >= begun && document.partition !== undefined && !first.has(document.partition))
          first.set(document.partition, atMs);
      return first.size === PARTITIONS ? Math.max(...first.values()) : undefined;
    },
    60_000,
    'the other member consumes all partitions',
  );
  return { leftMs: left.atMs - begun, againMs: again - begun };
}

const isMember = (path: string): boolean => path.startsWith(`/consumers/${GROUP}/ids/`);

async function killBroker(
  watcher: LineProcess<Change>,
  cluster: BrokerCluster,
  node: number,
): Promise<number> {
  const broker = cluster.broker(node);
  const begun = performance.now();
  await broker.signal('SIGKILL');
  const left = await eventually(
    () => watcher.find(({ type, path }) => type === 'removed' && path === `/brokers/ids/${node}`, begun),
    60_000,
    `broker ${node} leaves the registry`,
  );
  await cluster.launchAll();
  await cluster.inSync(TOPIC);
  await eventually(
    () => watcher.find(({ type, path }) => type === 'added' && path === `/brokers/ids/${node}`, left.atMs),
    60_000,
    `broker ${node} is in the registry again`,
  );
  return left.atMs - begun;
}

/**
 * Plays one row of the matrix with one protocol: a cluster of its own, load, the fault in as many rounds as asked for with
 * everything healed between them, then the verdict of the history checker and a comparison of the replicas' bytes. What
 * was set up is gone when it resolves, however it ends.
 */
import { atExit } from '../harness/at-exit.js';
import { BrokerCluster, type ReplicationProtocol } from '../harness/broker-cluster.js';
import { HistoryWorkload, type Verdict } from '../harness/history/history-workload.js';
import { replicaDifferences } from '../harness/replicas-compared.js';
import { DiskSite } from './disk-site.js';
import { NetworkSite } from './network-site.js';
import type { Bite, Row, Site, Stage } from './row.js';

export interface RowResult {
  readonly row: string;
  readonly protocol: ReplicationProtocol;
  readonly outcome: 'passed' | 'failed' | 'invalid';
  readonly verdict: Verdict;
  /** Longest gap between acknowledgements of each round, milliseconds, by the round's group. */
  readonly gaps: ReadonlyMap<string, readonly number[]>;
  /** The same while what was killed came back. */
  readonly healingGapMs: number;
  readonly bit: number;
  readonly faults: number;
  readonly reasons: readonly string[];
}

const TOPIC = 'faults';
const PARTITIONS = 3;
/** Records of each partition before a fault, so that it hits a running system. */
const BEFORE = 30;
const AFTER = 30;

const NOTHING: Verdict = { acknowledged: 0, lost: 0, duplicated: 0, reordered: 0, other: 0, details: [] };

export async function runRow(
  row: Row,
  protocol: ReplicationProtocol,
  rounds = row.rounds,
  say: (line: string) => void = () => undefined,
): Promise<RowResult> {
  const played = new Played(row, protocol, rounds);
  const site = siteOf(row);
  if (typeof site === 'string') return played.invalid(site);
  const undone = atExit(() => site?.remove());
  let cluster: BrokerCluster | undefined;
  try {
    const { settings = {}, nodeArguments = [], brokers = 3, within } = row;
    const placed = within === undefined ? {} : { placeOf: () => ({ within }) };
    cluster = await BrokerCluster.start({ ...placed, ...site?.options, settings, nodeArguments, brokers });
    await play(cluster, site, played, say);
  } catch (error) {
    played.broken.push(error instanceof Error ? error.message : String(error));
    for (const broker of cluster?.brokers ?? []) {
      if (broker.log !== '') played.broken.push(`broker ${broker.nodeId} said: ${broker.log.slice(-4_000)}`);
    }
  } finally {
    await cluster?.stop();
    site?.remove();
    undone();
  }
  return played.result();
}

/** The machines that a row needs, or why there are none; nothing when this one will do. */
function siteOf({ needs }: Row): Site | string | undefined {
  if (needs === 'network') return NetworkSite.open();
  return needs === 'disks' ? DiskSite.open() : undefined;
}

async function play(
  cluster: BrokerCluster,
  site: Site | undefined,
  played: Played,
  say: (line: string) => void,
): Promise<void> {
  const { row, protocol, faults } = played;
  const { topicConfigs: configs = {}, partitions = PARTITIONS } = row;
  await cluster.createTopic({ name: TOPIC, partitions, protocol, configs });
  const plan = { addresses: cluster.addresses, topic: TOPIC, partitions };
  const workload = new HistoryWorkload({
    ...plan,
    recordBytes: row.recordBytes ?? 0,
    mayLose: row.mayLose?.(protocol) ?? false,
  });
  let finished = false;
  try {
    await workload.start();
    for (let round = 0; round < faults; round++) {
      await workload.progress(BEFORE);
      workload.resetGaps();
      const bite = await row.fault(new OnStage({ cluster, workload, topic: TOPIC, protocol, round }, site));
      await workload.progress(AFTER);
      const gapMs = workload.longestGapMs;
      played.add(bite, gapMs);
      say(`${row.name} ${protocol} ${round + 1}/${faults}: ${Math.round(gapMs)} ms; ${bite.why}`);
      workload.resetGaps();
      await cluster.launchAll();
      await cluster.inSync(TOPIC);
      await workload.progress(AFTER);
      played.healingGapMs = Math.max(played.healingGapMs, workload.longestGapMs);
    }
    finished = true;
    played.verdict = await workload.finish(faults);
  } finally {
    if (!finished) await workload.abandon();
  }
  await cluster.settled(TOPIC);
  const replicas = (await cluster.partitions(TOPIC)).map((partition) => partition.replicas);
  played.broken.push(...replicaDifferences(cluster, TOPIC, replicas));
}

class OnStage implements Stage {
  readonly cluster: BrokerCluster;
  readonly workload: HistoryWorkload;
  readonly topic: string;
  readonly protocol: ReplicationProtocol;
  readonly round: number;

  constructor(
    stage: Omit<Stage, 'network' | 'disks'>,
    private readonly site: Site | undefined,
  ) {
    this.cluster = stage.cluster;
    this.workload = stage.workload;
    this.topic = stage.topic;
    this.protocol = stage.protocol;
    this.round = stage.round;
  }

  get network(): NetworkSite {
    if (this.site instanceof NetworkSite) return this.site;
    throw new Error("the row must say `needs: 'network'`");
  }

  get disks(): DiskSite {
    if (this.site instanceof DiskSite) return this.site;
    throw new Error("the row must say `needs: 'disks'`");
  }
}

/** What has come of a row so far. */
class Played {
  verdict = NOTHING;
  healingGapMs = 0;
  readonly broken: string[] = [];
  readonly faults: number;
  private readonly gaps = new Map<string, number[]>();
  private bit = 0;
  private readonly toothless: string[] = [];

  constructor(
    readonly row: Row,
    readonly protocol: ReplicationProtocol,
    rounds: number,
  ) {
    this.faults = rounds * (row.faultsPerRound ?? 1);
  }

  add({ bit, why, group = '', broken = [] }: Bite, gapMs: number): void {
    if (bit) this.bit += 1;
    else this.toothless.push(why);
    this.broken.push(...broken);
    this.gaps.set(group, [...(this.gaps.get(group) ?? []), gapMs]);
  }

  invalid(why: string): RowResult {
    this.toothless.push(why);
    return this.result();
  }

  result(): RowResult {
    const { row, protocol, faults, verdict, gaps, healingGapMs, bit } = this;
    const reasons = [...this.broken, ...this.anomalies(), ...this.late()];
    const outcome = reasons.length > 0 ? 'failed' : bit < faults ? 'invalid' : 'passed';
    return {
      row: row.name,
      protocol,
      outcome,
      verdict,
      gaps,
      healingGapMs,
      bit,
      faults,
      reasons: [...reasons, ...this.toothless.map((why) => `did not bite: ${why}`)],
    };
  }

  private anomalies(): string[] {
    const { lost, duplicated, reordered, other, details } = this.verdict;
    const isClean =
      duplicated + reordered + other === 0 && (lost === 0 || this.row.mayLose?.(this.protocol) === true);
    return isClean ? [] : [...details];
  }

  private late(): string[] {
    const { gapLimits } = this.row;
    if (gapLimits === undefined) return [];
    const all = [...this.gaps.values()].flat();
    const found: string[] = [];
    const most = Math.max(0, ...all);
    if (most > gapLimits.max) found.push(`longest gap ${Math.round(most)} ms, limit ${gapLimits.max} ms`);
    const middle = medianOf(all);
    if (gapLimits.median !== undefined && middle > gapLimits.median)
      found.push(`median gap ${Math.round(middle)} ms, limit ${gapLimits.median} ms`);
    return found;
  }
}

export const medianOf = (values: readonly number[]): number =>
  [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;

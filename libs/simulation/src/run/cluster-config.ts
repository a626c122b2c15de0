/**
 * What a seed chooses before a cluster starts: protocols, limits and intervals, a quarter of them far from what anybody
 * would run (tiny segments, short sessions, a reader of one batch at a time), because bugs live at the edges. Pure.
 */
import { BROKER_CONFIGS, type Environment } from '@tidemark/broker';
import { assert } from '@tidemark/platform';
import { SeededRandom } from '../doors/seeded-random.js';
import { BROKER_PORT, hostOf } from '../cluster/machine.js';

export interface TopicPlan {
  readonly name: string;
  readonly protocol: 'primary-backup' | 'quorum';
  readonly partitions: number;
  readonly replicas: number;
  readonly minInsync: number;
}

export interface ClusterConfig {
  readonly brokers: number;
  readonly topics: readonly TopicPlan[];
  readonly environments: readonly Environment[];
  /** By machine, what its wall clock is off by. */
  readonly skewsMs: readonly number[];
  readonly chunkBytes: number;
  readonly windowBytes: number;
  readonly inFlightMax: number;
  readonly pauseMs: number;
  readonly recordsMax: number;
  readonly fetchMaxBytes: number;
  /** Members of a consumer group, in some seeds. */
  readonly members: number;
}

const HEARTBEAT = 'broker.heartbeat.interval.ms';
const SESSION = 'broker.session.timeout.ms';

/** Settings of the broker that a seed may turn, and what they may be. */
const TURNED: Readonly<Record<string, readonly number[]>> = {
  'log.segment.bytes': [1_024, 4_096, 65_536],
  'replica.lag.time.max.ms': [500, 1_500],
  [SESSION]: [600, 1_500],
  [HEARTBEAT]: [200, 500],
  'metadata.log.max.record.bytes.between.snapshots': [200, 1_024],
  'tail.cache.bytes': [65_536],
  'replica.high.watermark.checkpoint.interval.ms': [500],
};

/** Long enough between two that nothing but what they are for happens, short enough for a run of 40 seconds. */
const BASE: Readonly<Record<string, string>> = {
  [HEARTBEAT]: '1000',
  [SESSION]: '3000',
  'default.replication.factor': '3',
  'group.initial.rebalance.delay.ms': '50',
  'group.min.session.timeout.ms': '500',
  'offsets.topic.num.partitions': '1',
  'log.retention.check.interval.ms': '60000',
  'log.flush.offset.checkpoint.interval.ms': '4000',
};

/**
 * About as many records, in many batches or in few: more than nine hundred, of which 500 are enough for a run to count. A
 * batch costs some 20 steps, what is in it next to nothing.
 */
const LOADS = [
  { pauseMs: 420, recordsMax: 10 },
  { pauseMs: 560, recordsMax: 14 },
  { pauseMs: 700, recordsMax: 18 },
] as const;

export function clusterConfigOf(seed: number, brokers: number): ClusterConfig {
  const random = new SeededRandom(seed).fork('config');
  const texts = new Map(Object.entries(BASE));
  for (const [name, choices] of Object.entries(TURNED)) {
    if (random.chance(0.25)) texts.set(name, String(random.pick(choices)));
  }
  // Whoever is well is heard of twice in each session.
  const beatMs = Math.min(Number(texts.get(HEARTBEAT)), Number(texts.get(SESSION)) / 2);
  texts.set(HEARTBEAT, String(beatMs));
  const voters = Array.from({ length: brokers }, (_, index) => {
    return `${index + 1}@${hostOf(index + 1)}:${BROKER_PORT}:${directoryIdOf(seed, index + 1)}`;
  }).join(',');
  return {
    brokers,
    topics: topicsOf(random, brokers),
    environments: Array.from({ length: brokers }, (_, index) => ({
      ...variables(texts),
      TIDEMARK_VOTERS: voters,
      TIDEMARK_DIRECTORY_ID: directoryIdOf(seed, index + 1),
    })),
    skewsMs: Array.from({ length: brokers }, () =>
      random.chance(0.2) ? random.between(-3_600_000, 3_600_000) : 0,
    ),
    chunkBytes: random.chance(0.2) ? random.pick([32, 100, 1_000]) : 0,
    windowBytes: random.chance(0.2) ? random.pick([512, 8_192]) : 131_072,
    inFlightMax: random.pick([1, 3, 5]),
    ...random.pick(LOADS),
    fetchMaxBytes: random.pick([300, 4_096, 65_536]),
    members: random.chance(0.25) ? 2 : 0,
  };
}

/** F + 1 copies by primary-backup bear F failures: two of two or three, or with `minInsync` 1 all but one. */
const COPIES = [
  { replicas: 3, minInsync: 2 },
  { replicas: 3, minInsync: 2 },
  { replicas: 3, minInsync: 2 },
  { replicas: 3, minInsync: 1 },
  { replicas: 2, minInsync: 1 },
] as const;

function topicsOf(random: SeededRandom, brokers: number): readonly TopicPlan[] {
  const most = (copies: { replicas: number; minInsync: number }): typeof copies => ({
    replicas: Math.min(copies.replicas, brokers),
    minInsync: Math.min(copies.minInsync, brokers),
  });
  const backed: TopicPlan = {
    name: 'backed',
    protocol: 'primary-backup',
    partitions: random.between(1, 2),
    ...most(random.pick(COPIES)),
  };
  const agreed: TopicPlan = {
    name: 'agreed',
    protocol: 'quorum',
    partitions: random.between(1, 2),
    ...most({ replicas: 3, minInsync: 2 }),
  };
  return random.pick([[backed, agreed], [backed, agreed], [backed], [agreed]]);
}

function variables(texts: ReadonlyMap<string, string>): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [name, text] of texts) {
    assert(BROKER_CONFIGS.has(name), `no broker has ${name}`);
    environment[`TIDEMARK_KAFKA_${name.toUpperCase().replaceAll('.', '_')}`] = text;
  }
  return environment;
}

const directoryIdOf = (seed: number, node: number): string =>
  new SeededRandom(seed).fork(`directory:${node}`).uuid();

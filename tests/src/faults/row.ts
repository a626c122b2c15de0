/**
 * A row of the matrix of faults: what is done to a cluster of real processes under load, and what must hold. Rows are
 * data (`tests/src/cluster/rows`); `run-row.ts` plays them. A row says of every round whether its fault did bite: a run
 * in which it did not is invalid, never passed.
 */
import type { BrokerCluster, ClusterOptions, ReplicationProtocol } from '../harness/broker-cluster.js';
import type { HistoryWorkload } from '../harness/history/history-workload.js';
import type { DiskSite } from './disk-site.js';
import type { NetworkSite } from './network-site.js';

export const PROTOCOLS: readonly ReplicationProtocol[] = ['primary-backup', 'quorum'];

/** What a fault has to play with. */
export interface Stage {
  readonly cluster: BrokerCluster;
  readonly workload: HistoryWorkload;
  readonly topic: string;
  readonly protocol: ReplicationProtocol;
  /** Of the fault: counts on through the faults of a round. */
  readonly round: number;
  /** Of rows that need it. */
  readonly network: NetworkSite;
  readonly disks: DiskSite;
}

export interface Bite {
  readonly bit: boolean;
  /** How one knows. */
  readonly why: string;
  /** Rounds of one group are reported apart. */
  readonly group?: string;
  /** What did not hold, beyond what the history tells. */
  readonly broken?: readonly string[];
}

export interface Row {
  readonly name: string;
  readonly what: string;
  readonly mustHold: string;
  /** Of the brokers, by Kafka's names. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly topicConfigs?: Readonly<Record<string, string>>;
  /** Three when left out. */
  readonly brokers?: number;
  /** Three when left out. */
  readonly partitions?: number;
  readonly protocols?: readonly ReplicationProtocol[];
  readonly rounds: number;
  /** Faults in each round, one after the other, all healed between them; one when left out. */
  readonly faultsPerRound?: number;
  readonly recordBytes?: number;
  /** Of the longest gaps between acknowledgements, milliseconds. */
  readonly gapLimits?: { readonly median?: number; readonly max: number };
  /** The settings allow loss with this protocol: it is reported, and does not fail the row. */
  readonly mayLose?: (protocol: ReplicationProtocol) => boolean;
  /** Brokers on machines that can be cut off, or that can lose their power. */
  readonly needs?: 'network' | 'disks';
  readonly nodeArguments?: readonly string[];
  /** A command that runs each broker, as `prlimit --nofile=N`. */
  readonly within?: readonly string[];
  fault(stage: Stage): Promise<Bite>;
}

/** Machines other than this one; what was set up is taken away again by `remove`. */
export interface Site {
  readonly options: ClusterOptions;
  remove(): void;
}

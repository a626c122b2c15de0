/**
 * What all replicas of one broker share, and what each is made with. Made by `replicas.ts`.
 */
import type { PartitionLog } from '@tidemark/log';
import type { Clock } from '@tidemark/platform';
import type { Logger } from 'pino';
import type { BrokerRules } from '../broker-rules.js';
import type { BrokerImage, ReplicationProtocol } from '../controller/metadata-image.js';
import type { IsrProposing } from '../controller/partitions/isr-proposals.js';
import type { Tick } from '../tick.js';
import type { FollowerRole } from './following/follower-role.js';
import type { Replica } from './replica.js';

export interface ReplicaContext {
  readonly brokerId: number;
  readonly tick: Tick;
  readonly clock: Clock;
  readonly logger: Logger;
  /** `replica.lag.time.max.ms`. */
  readonly lagTimeMaxMs: number;
  /** When another broker last asked this one for anything that it leads; monotonic. */
  lastHeardMs(brokerId: number): number;
  /** Where leaders ask for another in-sync set. */
  readonly proposals: IsrProposing;
  /** Others than the right ones in simulations that test their checkers. */
  readonly rules: BrokerRules;
  /** The disk refused a write or a flush for good: nothing here can be trusted to be kept any more. */
  diskFailed(error: Error): void;
  /**
   * This process is registered. What the metadata says of leaders before that is of its last life, when its disk may have
   * held more; its followers would cut their logs to what is left. Registration ends every leadership.
   */
  mayLead(): boolean;
  /** As registered. */
  brokers(): ReadonlyMap<number, BrokerImage>;
}

export interface ReplicaOptions {
  readonly context: ReplicaContext;
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  readonly log: PartitionLog;
  readonly protocol: ReplicationProtocol;
  /** acks=all is refused while fewer replicas are in sync. */
  readonly minInsyncReplicas: number;
  /** Epochs below were given up before this process began; -1: none. */
  readonly fencedEpoch?: number;
  /** Damaged once, and not level with its leader again: never leads or votes. */
  readonly repairing?: boolean;
  /** Told of each role that ends and each that begins. */
  readonly onFollowing?: (replica: Replica, ended: FollowerRole | undefined) => void;
  /** The follower's log has moved on, or what it waits for has. */
  readonly onFollowed?: (role: FollowerRole) => void;
  /** A batch at or after `offset` is not what was written. */
  readonly onDamaged?: (replica: Replica, offset: number) => void;
  readonly onRepaired?: (replica: Replica) => void;
}

/** Somebody who is told whenever the log's end, the watermark or the role has changed (a follower's fetch session). */
export interface ReplicaObserver {
  replicaChanged(): void;
}

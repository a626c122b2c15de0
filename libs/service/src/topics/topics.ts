/**
 * The port between the services and their topics: publish, read every partition (`tail`), own a share of the
 * partitions (`own`). Everything above it is written against this file alone; `kafka/` implements it over kafkajs,
 * `memory/` in memory, and one contract suite holds both to what is said here.
 *
 * What an implementation must hold: records of one partition are delivered in offset order, each exactly once per
 * reader and position (a redelivery happens only after a rebalance or restart, from the committed position); what
 * lies between two positions is never skipped without `onGap`; everything has a limit and pushes back.
 */
import type { Position } from '@tidemark/contracts';

/** Header values are bytes; strings are written as UTF-8. */
export type OutgoingHeaders = Readonly<Record<string, string | Uint8Array | readonly Uint8Array[]>>;

export interface OutgoingRecord {
  /** Decides the partition (murmur2, as Kafka's own clients do) unless `partition` is given. */
  readonly key: string | Uint8Array | null;
  readonly value: string | Uint8Array | null;
  readonly headers?: OutgoingHeaders;
  readonly partition?: number;
}

export type RecordHeaders = Readonly<Record<string, Buffer | readonly Buffer[]>>;

export interface TopicRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since 1970, set by the producer. */
  readonly timestamp: number;
  /** The key read as UTF-8; `rawKey` has its bytes. */
  readonly key: string | null;
  readonly rawKey: Buffer | null;
  readonly value: Buffer | null;
  /** Untouched bytes; a name that the record repeats has a list. */
  readonly headers: RecordHeaders;
}

/** Records of one partition that follow each other; offsets may have holes (control records, compaction). */
export interface DeliveredBatch {
  readonly topic: string;
  readonly partition: number;
  /** May be empty when only what is no record was passed (control batches, aborted records). */
  readonly records: readonly TopicRecord[];
  /** The position that this batch continues. */
  readonly position: number;
  /** The position behind it: past the last record and whatever was passed over. */
  readonly nextPosition: number;
}

export interface PublishedRecord {
  readonly partition: number;
  readonly offset: number;
}

/** A topic as the table in `@tidemark/contracts` describes it. */
export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  /** As many where the cluster has so many brokers, else fewer. Left out: what the cluster gives by default. */
  readonly replicas?: number;
  /** How replicas agree, for brokers that know of it; others give what their settings say. */
  readonly replication?: 'primary-backup' | 'quorum';
  readonly configs?: Readonly<Record<string, string>>;
}

/**
 * `too-large`: refused before it was sent. `unknown-topic`: it does not exist. `mismatch`: it exists and differs from its
 * table. `unavailable`: no answer within the time, nothing known to be written. `in-doubt`: perhaps written.
 */
export type TopicsErrorCode =
  'too-large' | 'unknown-topic' | 'mismatch' | 'unavailable' | 'in-doubt' | 'overloaded' | 'closed';

export class TopicsError extends Error {
  override readonly name = 'TopicsError';
  constructor(
    readonly code: TopicsErrorCode,
    detail: string,
    options?: ErrorOptions,
  ) {
    super(detail, options);
  }
}

/** A position that does not exist any more (retention) or not yet again (a log that lost its tail). */
export interface Gap {
  readonly topic: string;
  readonly partition: number;
  readonly position: number;
  readonly logStart: number;
  readonly logEnd: number;
}

export interface ReaderOptions {
  /**
   * Takes one batch. While its promise is pending no other batch of the same partition is given, and further fetching
   * stops at the limit of the partition's queue; other partitions and heartbeats go on. A rejection gives the same
   * batch again after a back-off, for ever: who wants to give up does so itself (dead letters).
   */
  readonly onBatch: (batch: DeliveredBatch) => void | Promise<void>;
  /**
   * The reader's position lies outside the log. Behind its start: reading goes on at the start. Past its end: the
   * partition waits until the log has grown to it, or until `seek`. Never does a reader jump to the end.
   */
  readonly onGap?: (gap: Gap) => void;
}

export interface TailOptions extends ReaderOptions {
  readonly topics: readonly string[];
  /** Names the group `<replica>.<purpose>…`, which only this process joins. */
  readonly purpose: string;
  /** Partitions that given positions do not name are read from the beginning. */
  readonly from: 'beginning' | 'end' | Position;
  /**
   * How long to rest after having come to the logs' ends, so that under load fewer looks bring more records each; for
   * readers whom nobody waits for at every step. The first record after a silence is not held up. 0 where left out.
   */
  readonly restMs?: number;
}

export interface Tail {
  /** Resolves once everything that was in the topics at the start has been taken by `onBatch`; rejects when closed. */
  readonly caughtUp: Promise<void>;
  /** Position behind what `onBatch` has taken. */
  positions(): Position;
  /** Records known to exist and not yet taken. */
  lag(): number;
  /** Goes on at `position`; what was fetched and not yet given is dropped. */
  seek(topic: string, partition: number, position: number): void;
  /** Stops and restarts delivery (positions stay). */
  pause(): void;
  resume(): void;
  /** Waits for the batch in hand, then leaves. Nothing is delivered afterwards. */
  close(): Promise<void>;
}

/** `committed`: where the group's committed offset says, without one from the beginning. */
export type OwnedFrom = 'beginning' | 'committed';

/** One partition number of all topics of the ownership, from its assignment to its revocation. */
export interface Assignment {
  readonly partition: number;
  /** By topic: where delivery begins. */
  readonly positions: ReadonlyMap<string, number>;
  /** By topic: the log end seen after the assignment; whoever decides must have read up to there first. */
  readonly ends: ReadonlyMap<string, number>;
}

export interface OwnershipOptions extends ReaderOptions {
  /** The consumer group, shared by all replicas of a service. */
  readonly group: string;
  /** Topics of the same partition count: partition p of all of them belongs to one member. */
  readonly topics: ReadonlyMap<string, OwnedFrom>;
  /** Called before the first batch of the partition. A rejection is repeated like one of `onBatch`. */
  readonly onAssigned: (assignment: Assignment) => void | Promise<void>;
  /**
   * Called at once when the partition is lost or the ownership closes, perhaps while a batch is in hand; nothing more
   * is delivered. The partition is not assigned again before the batch in hand and this call have ended.
   */
  readonly onRevoked: (partition: number) => void | Promise<void>;
}

export interface Ownership {
  /** Resolves at the first assignment, even an empty one. */
  readonly joined: Promise<void>;
  /** Partitions held now, ascending. */
  partitions(): readonly number[];
  /**
   * Marks everything before `position` as done. Sent soon, coalesced; a commit that is lost means a redelivery, which
   * must be harmless. Of a partition not owned any more it does nothing.
   */
  commit(topic: string, partition: number, position: number): void;
  /** Sends what was committed. Resolves when the broker has it, or when it cannot have it any more. */
  flushCommits(): Promise<void>;
  /** Revokes everything, flushes commits, leaves the group. */
  close(): Promise<void>;
}

export interface PublishOptions {
  /** How long to try before `in-doubt` or `unavailable`, milliseconds. Default 30,000. */
  readonly deadlineMs?: number;
}

export interface Topics {
  /**
   * Creates what is missing and compares what is there: another partition count or another value of a given config
   * rejects with `mismatch` and one line naming every difference. Idempotent, and safe to run on all replicas at once.
   */
  ensure(specs: readonly TopicSpec[]): Promise<void>;
  /** The number of partitions; rejects with `unknown-topic`. */
  partitions(topic: string): Promise<number>;
  /** Log end offsets (the next offset to be written) of every partition. */
  ends(topic: string): Promise<Position>;
  /**
   * Appends, acknowledged by all in-sync replicas. The records of one call for the same partition lie side by side in
   * one record batch; calls for the same partition keep their order. Answers in the order of `records`.
   */
  publish(
    topic: string,
    records: readonly OutgoingRecord[],
    options?: PublishOptions,
  ): Promise<PublishedRecord[]>;
  tail(options: TailOptions): Promise<Tail>;
  own(options: OwnershipOptions): Promise<Ownership>;
  /** Closes tails and ownerships, lets publishes in flight finish within their deadline, disconnects. */
  close(): Promise<void>;
}

/**
 * What a service says to have a decider run over its topics: types only, read by `partition-worker.ts` and its parts.
 */
import type { Decider, Outcome } from '@tidemark/decider';
import type { RetryPolicy } from './retry.js';
import type { OutgoingHeaders, OutgoingRecord, TopicRecord } from '../topics/topics.js';

/**
 * The topic that the decider's events are written to and read back from: its whole memory. `decode` answers `undefined`
 * for a record that is not of this decider's concern and throws for one that it cannot understand; such a record is
 * passed over, counted, and goes to the dead letters when it is met live by the partition's owner.
 */
export interface WorkerLog<Event> {
  readonly topic: string;
  encode(event: Event): OutgoingRecord;
  decode(record: TopicRecord): Event | undefined;
}

/** What goes back to whoever asked; the correlation id is added. */
export interface ReplyMessage {
  readonly value: string | Uint8Array;
  readonly headers?: OutgoingHeaders;
}

/** How a command ended for the one who sent it; `outcome.position` is the position to wait for in `log.topic`. */
export type SettledOutcome<Reply, Rejection> = Exclude<
  Outcome<Reply, Rejection>,
  { readonly failed: unknown }
>;

/**
 * A topic that commands (or observations) come from. A record is acknowledged, by committing its offset, when its
 * decision has been read back and its reply has been written, or when it is in the dead letters.
 */
export interface WorkerInput<Command, Reply, Rejection> {
  readonly topic: string;
  /** `undefined`: not for this decider, acknowledged. Throws: undecodable, to the dead letters at once. */
  decode(record: TopicRecord): Command | undefined;
  /**
   * Awaited before the command is decided, in the partition's order; a rejection is retried with back-off, then the
   * record goes to the dead letters. `signal` aborts when the partition is taken away.
   */
  before?(command: Command, record: TopicRecord, signal: AbortSignal): Promise<void>;
  /** The reply to write when the record asks for one. Left out, or `undefined`: none. */
  respond?(
    command: Command,
    outcome: SettledOutcome<Reply, Rejection>,
    record: TopicRecord,
  ): ReplyMessage | undefined;
  /** The reply when the record has gone to the dead letters, so that whoever waits need not run into its deadline. */
  respondFailed?(record: TopicRecord, error: Error): ReplyMessage | undefined;
}

export interface FoldedEvent<State, Event> {
  readonly partition: number;
  readonly event: Event;
  readonly offset: number;
  readonly state: State;
  /** False while the history is read: no side effect may follow then. */
  readonly live: boolean;
}

/** A partition that this replica owns, from the end of its history's replay until it is revoked. */
export interface OwnedPartition<State, Command, Reply, Rejection> {
  readonly partition: number;
  /** Committed state, for reading only. */
  readonly state: State;
  /** The offset in `log.topic` up to which `state` is folded. */
  readonly position: number;
  /** Aborts when the partition is taken away; work on its behalf must end then. */
  readonly signal: AbortSignal;
  /** Decides a command of this process itself (a timer, an effect's result). Never rejects. */
  ask(command: Command): Promise<Outcome<Reply, Rejection>>;
}

export interface WorkerOptions<State, Command, Event, Reply, Rejection> {
  /** The consumer group that the replicas of the service share. */
  readonly group: string;
  readonly log: WorkerLog<Event>;
  /** Copartitioned with `log`. */
  readonly inputs: readonly WorkerInput<Command, Reply, Rejection>[];
  /** One decider for all partitions: it is pure. */
  readonly decider: Decider<State, Command, Event, Reply, Rejection>;
  /** Commands of different keys never depend on each other's events. Left out: one decision at a time. */
  readonly keyOf?: (command: Command) => string;
  /** Why the state will not take an event (it changes nothing then), for the owner's count and report. */
  readonly refusal?: (state: State, event: Event) => string | undefined;
  readonly onFolded?: (folded: FoldedEvent<State, Event>) => void;
  /** The history has been folded; effects may begin. */
  readonly onReady?: (owned: OwnedPartition<State, Command, Reply, Rejection>) => void;
  readonly onRevoked?: (partition: number) => void;
  readonly retry?: Partial<RetryPolicy>;
  /** Commands of one partition being decided at once. Default 256. */
  readonly commandsInFlightMax?: number;
}

/**
 * The port between a shard and the one log partition that it owns. Two kinds of log stand behind it: the broker's own
 * replica (answers within a tick) and a topic reached through a client (answers after a round trip). Other writers may
 * append to the same partition; a reader sees everybody's events in offset order.
 *
 * What an implementation must hold: events reach the reader exactly once, in offset order and only when committed; the
 * events of one `append` lie side by side in one record batch, or none of them is there.
 */

export interface LoggedEvent<Event> {
  readonly event: Event;
  readonly offset: number;
}

/** Called by the log, perhaps while `subscribe` or `append` is still on the stack. */
export interface EventReader<Event> {
  /**
   * Committed events in offset order; those of a snapshot, read in one, all have the offset that it ends with. Reading goes on at `nextOffset`, which also passes what is no event: control
   * batches, compacted offsets and records that could not be understood (their report is the log's business).
   */
  read(events: readonly LoggedEvent<Event>[], nextOffset: number): void;
  /** The log cannot be read any further (storage, network, lost ownership); nothing is delivered after this. */
  failed(error: Error): void;
}

export interface Subscription {
  /** Nothing is delivered after it returns. Closing twice does nothing. */
  close(): void;
}

/**
 * What became of an append.
 * `refused`: nothing was written and a retry may do better. `too-large`: nothing was written and the same events never
 * will be. `in-doubt`: perhaps written, now or later.
 * `fenced`: nothing was written and never will be by this owner, because the partition has another one.
 */
export type AppendResult =
  | { readonly baseOffset: number; readonly lastOffset: number }
  | { readonly failed: 'refused' | 'too-large' | 'in-doubt' | 'fenced'; readonly error?: Error };

export interface EventLog<Event> {
  /** The offset after the last record that was in the log when this was called. Rejects when it cannot be learnt. */
  end(): Promise<number>;
  /** Delivers committed events from the earliest offset at or after `from`, and goes on with new ones until closed. */
  subscribe(from: number, reader: EventReader<Event>): Subscription;
  /**
   * Appends the events as one record batch and calls `settle` exactly once, perhaps before it returns. A result with
   * offsets is an acknowledgement only: state changes when the events are read back.
   */
  append(events: readonly Event[], settle: (result: AppendResult) => void): void;
}

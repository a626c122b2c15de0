/**
 * What is remembered of consumer groups: the facts in `__consumer_offsets`, one record each (`group-records.ts` gives
 * them Kafka's layouts). The latest record of a key is the truth, so the topic can be compacted.
 */

export interface CommittedOffset {
  readonly offset: number;
  /** Of the last consumed record; -1 when the client did not say. */
  readonly leaderEpoch: number;
  readonly metadata: string;
  /** Milliseconds since 1970. */
  readonly commitTimestampMs: number;
}

export interface OffsetCommitted extends CommittedOffset {
  readonly type: 'OffsetCommitted';
  readonly groupId: string;
  readonly topic: string;
  readonly partition: number;
}

/** A tombstone: expired, deleted, or its topic is gone. */
export interface OffsetForgotten {
  readonly type: 'OffsetForgotten';
  readonly groupId: string;
  readonly topic: string;
  readonly partition: number;
}

export interface StoredMember {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly rebalanceTimeoutMs: number;
  readonly sessionTimeoutMs: number;
  /** The member's metadata for the protocol that was chosen; opaque to the broker but for its topic names. */
  readonly subscription: Uint8Array;
  readonly assignment: Uint8Array;
}

/** A generation, as it is written when its assignments are known, or when the last member has left. */
export interface StoredGroup {
  readonly protocolType: string;
  readonly generation: number;
  readonly protocolName: string | null;
  readonly leaderId: string | null;
  /** When the group came into its state, milliseconds since 1970; the retention of an empty group counts from here. */
  readonly stateSinceMs: number;
  readonly members: readonly StoredMember[];
}

export interface GroupStored {
  readonly type: 'GroupStored';
  readonly groupId: string;
  readonly group: StoredGroup;
}

export interface GroupForgotten {
  readonly type: 'GroupForgotten';
  readonly groupId: string;
}

export type GroupEvent = OffsetCommitted | OffsetForgotten | GroupStored | GroupForgotten;

/**
 * What a step asks its driver to do, in this order. Nothing here has happened yet when the step returns.
 *
 * What the driver must hold: `send` and `answer` leave only when the election state of their `after` is on the disk;
 * `append-fetched` and `truncate` are done before the next step; every `flush` is told by a `flushed` input, and what
 * it tells was on the disk.
 */
import type { EpochEnd } from './log-view.js';
import type { QuorumTimer } from './quorum-inputs.js';
import type { QuorumAnswer, QuorumRequest } from './quorum-messages.js';
import type { Role } from './quorum-state.js';
import type { ReplicaKey } from './replica-key.js';

/** What a member must never forget: the file `quorum-state`. */
export interface ElectionState {
  readonly epoch: number;
  readonly leaderId: number | undefined;
  readonly voted: ReplicaKey | undefined;
}

export type QuorumEffect =
  /** Force to disk, then tell `persisted`. Writes are numbered upwards from 1. */
  | { readonly effect: 'persist'; readonly write: number; readonly election: ElectionState }
  | {
      readonly effect: 'send';
      readonly after: number;
      readonly to: number;
      readonly correlation: number;
      readonly request: QuorumRequest;
    }
  | { readonly effect: 'answer'; readonly after: number; readonly of: number; readonly answer: QuorumAnswer }
  /**
   * Answer this Fetch with records from its offset on, or when there are any, or with a higher watermark than the
   * replica knows; at the latest when its time is up. When the epoch has ended meanwhile: as `not-leader`.
   */
  | { readonly effect: 'serve-fetch'; readonly after: number; readonly of: number; readonly epoch: number }
  /** Fires after `delayMs` and a random part of `spreadMs`; setting it again replaces it. */
  | {
      readonly effect: 'set-timer';
      readonly timer: QuorumTimer;
      readonly delayMs: number;
      readonly spreadMs: number;
    }
  | { readonly effect: 'cancel-timers' }
  | { readonly effect: 'append-epoch-start'; readonly epoch: number; readonly granting: readonly number[] }
  /** Append the records beside the answer that this step is about. */
  | { readonly effect: 'append-fetched' }
  | { readonly effect: 'truncate'; readonly offset: number }
  | { readonly effect: 'flush' }
  /** Fetch this snapshot from the leader and put it in the log's place, then tell `snapshot-installed`. */
  | { readonly effect: 'fetch-snapshot'; readonly from: number; readonly snapshot: EpochEnd }
  | { readonly effect: 'high-watermark'; readonly offset: number }
  | {
      readonly effect: 'role';
      readonly role: Role;
      readonly epoch: number;
      readonly leaderId: number | undefined;
    }
  /** Going on would lose what is committed: stop this member, loudly. */
  | { readonly effect: 'fatal'; readonly reason: string }
  | { readonly effect: 'trace'; readonly event: QuorumEvent };

/** Things worth a line in a log, a counter, or a place in a simulation's list of situations to reach. */
export type QuorumEvent =
  | { readonly kind: 'pre-vote'; readonly epoch: number }
  | { readonly kind: 'election'; readonly epoch: number }
  | { readonly kind: 'elected'; readonly epoch: number; readonly endOffset: number }
  | {
      readonly kind: 'resigned';
      readonly epoch: number;
      readonly why: 'stopping' | 'no-majority' | 'restarted';
    }
  | { readonly kind: 'vote'; readonly granted: boolean; readonly preVote: boolean; readonly to: number }
  | { readonly kind: 'truncated'; readonly from: number; readonly to: number }
  | {
      readonly kind: 'leader-lost';
      readonly leaderId: number;
      readonly how: 'refused' | 'timeout' | 'resigned';
    };

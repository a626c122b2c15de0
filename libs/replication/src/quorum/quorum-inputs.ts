/**
 * Everything that can happen to a member of the quorum. The driver makes an input of each message, timer and finished
 * write, and hands them over one at a time. `of` is the driver's handle of a request from elsewhere, to be answered at
 * most once; `correlation` is the machine's own number of a request that it sent.
 */
import type {
  BeginEpochRequest,
  EndEpochRequest,
  EpochAnswer,
  FetchAnswer,
  FetchRequest,
  VoteAnswer,
  VoteRequest,
} from './quorum-messages.js';

interface Asked<Kind extends string, Request> {
  readonly kind: Kind;
  readonly of: number;
  readonly request: Request;
}

interface Answered<Kind extends string, Answer> {
  readonly kind: Kind;
  readonly correlation: number;
  readonly from: number;
  readonly answer: Answer;
}

export type QuorumTimer = 'election' | 'fetch' | 'retry' | 'check-quorum' | 'begin-epoch';

/** How a request failed: nobody listens there, or the answer is lost (connection closed, time up, rubbish). */
export type RequestFailure = 'refused' | 'lost';

export type QuorumInput =
  | { readonly kind: 'started' }
  | { readonly kind: 'stop' }
  | Asked<'vote-request', VoteRequest>
  | Asked<'begin-epoch-request', BeginEpochRequest>
  | Asked<'end-epoch-request', EndEpochRequest>
  | Asked<'fetch-request', FetchRequest>
  | Answered<'vote-answer', VoteAnswer>
  | Answered<'epoch-answer', EpochAnswer>
  | Answered<'fetch-answer', FetchAnswer>
  | {
      readonly kind: 'request-failed';
      readonly correlation: number;
      readonly from: number;
      readonly failure: RequestFailure;
    }
  /** Writes of the election state up to this one are on the disk. */
  | { readonly kind: 'persisted'; readonly write: number }
  /** The log is on the disk up to here. */
  | { readonly kind: 'flushed'; readonly offset: number }
  /** A snapshot that was asked for has taken the log's place. */
  | { readonly kind: 'snapshot-installed' }
  | { readonly kind: 'snapshot-failed' }
  | { readonly kind: 'election-timer' }
  | { readonly kind: 'fetch-timer' }
  | { readonly kind: 'retry-timer' }
  | { readonly kind: 'check-quorum-timer' }
  | { readonly kind: 'begin-epoch-timer' };

export type InputKind = QuorumInput['kind'];
export type InputOf<Kind extends InputKind> = Extract<QuorumInput, { readonly kind: Kind }>;

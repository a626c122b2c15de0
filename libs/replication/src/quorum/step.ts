/**
 * One step of a member of the quorum: an input in, the next state and what is to be done out. Pure, and the only door to
 * the machine. The table says what each role does with each kind of input; a case that is missing does not compile.
 *
 * Before the table is asked, what holds in every role is done here: requests that make no sense are refused, a higher
 * epoch makes its hearer forget leader and vote, and a leader that is new to us is followed.
 */
import { candidateElectionTimer, candidatePersisted, candidateVoteAnswer } from './roles/candidate.js';
import {
  follow,
  followerEndEpoch,
  followerFetchAnswer,
  followerFetchTimer,
  followerFlushed,
  followerRequestFailed,
  followerRetryTimer,
  followerSnapshotFailed,
  followerSnapshotInstalled,
} from './roles/follower.js';
import {
  leaderBeginEpochTimer,
  leaderCheckQuorumTimer,
  leaderFetchRequest,
  leaderFlushed,
  leaderStop,
} from './roles/leader.js';
import { hearEpoch, refusalOf } from './roles/hearing.js';
import { prospectiveElectionTimer, prospectiveVoteAnswer } from './roles/prospective.js';
import type { QuorumContext } from './quorum-context.js';
import type { QuorumEffect } from './quorum-effects.js';
import type { InputKind, InputOf, QuorumInput } from './quorum-inputs.js';
import type { QuorumState, Role, StateOf } from './quorum-state.js';
import { resignedElectionTimer } from './roles/resigned.js';
import { start } from './roles/start.js';
import { Turn } from './turn.js';
import {
  unattachedElectionTimer,
  unattachedFetchAnswer,
  unattachedRequestFailed,
  unattachedRetryTimer,
} from './roles/unattached.js';
import { handleVoteRequest } from './roles/vote-requests.js';

export interface Step {
  readonly state: QuorumState;
  readonly effects: readonly QuorumEffect[];
}

type Reaction<R extends Role, K extends InputKind> = (
  state: StateOf<R>,
  input: InputOf<K>,
  turn: Turn,
) => QuorumState;

type Table = { readonly [R in Role]: { readonly [K in InputKind]: Reaction<R, K> } };

const ignore = (state: QuorumState): QuorumState => state;

/** Follows the leader of our epoch that makes itself known. */
function begin(state: QuorumState, { of, request }: InputOf<'begin-epoch-request'>, turn: Turn): QuorumState {
  const { epoch, leaderId } = request;
  const next = follow(state, { epoch, leaderId }, turn);
  turn.answer(next, of, { kind: 'epoch', ...turn.standing(next) });
  return next;
}

function acknowledge(
  state: QuorumState,
  { of }: InputOf<'begin-epoch-request'> | InputOf<'end-epoch-request'>,
  turn: Turn,
): QuorumState {
  turn.answer(state, of, { kind: 'epoch', ...turn.standing(state) });
  return state;
}

function refuseFetch(state: QuorumState, { of }: InputOf<'fetch-request'>, turn: Turn): QuorumState {
  const { highWatermark } = state;
  turn.answer(state, of, {
    kind: 'fetch',
    ...turn.standing(state, 'not-leader'),
    highWatermark,
    hasRecords: false,
  });
  return state;
}

/** What most roles do; each role's row names what is different. */
const COMMON = {
  started: start,
  stop: ignore,
  'vote-request': handleVoteRequest,
  'begin-epoch-request': acknowledge,
  'end-epoch-request': acknowledge,
  'fetch-request': refuseFetch,
  'vote-answer': ignore,
  'epoch-answer': ignore,
  'fetch-answer': ignore,
  'request-failed': ignore,
  persisted: ignore,
  flushed: ignore,
  'snapshot-installed': ignore,
  'snapshot-failed': ignore,
  'election-timer': ignore,
  'fetch-timer': ignore,
  'retry-timer': ignore,
  'check-quorum-timer': ignore,
  'begin-epoch-timer': ignore,
} as const satisfies { readonly [K in InputKind]: Reaction<Role, K> };

const TABLE: Table = {
  unattached: {
    ...COMMON,
    'begin-epoch-request': begin,
    'fetch-answer': unattachedFetchAnswer,
    'request-failed': unattachedRequestFailed,
    'election-timer': unattachedElectionTimer,
    'retry-timer': unattachedRetryTimer,
  },
  prospective: {
    ...COMMON,
    'begin-epoch-request': begin,
    'vote-answer': prospectiveVoteAnswer,
    'election-timer': prospectiveElectionTimer,
  },
  candidate: {
    ...COMMON,
    'begin-epoch-request': begin,
    'vote-answer': candidateVoteAnswer,
    persisted: candidatePersisted,
    'election-timer': candidateElectionTimer,
  },
  leader: {
    ...COMMON,
    stop: leaderStop,
    'fetch-request': leaderFetchRequest,
    flushed: leaderFlushed,
    'check-quorum-timer': leaderCheckQuorumTimer,
    'begin-epoch-timer': leaderBeginEpochTimer,
  },
  resigned: {
    ...COMMON,
    'begin-epoch-request': begin,
    'election-timer': resignedElectionTimer,
  },
  follower: {
    ...COMMON,
    'end-epoch-request': followerEndEpoch,
    'fetch-answer': followerFetchAnswer,
    'request-failed': followerRequestFailed,
    flushed: followerFlushed,
    'snapshot-installed': followerSnapshotInstalled,
    'snapshot-failed': followerSnapshotFailed,
    'fetch-timer': followerFetchTimer,
    'retry-timer': followerRetryTimer,
  },
};

/** Takes one input. `state` is `initialState(...)` at first, and what the last step gave from then on. */
export function step(state: QuorumState, input: QuorumInput, context: QuorumContext): Step {
  const turn = new Turn(context);
  const refusal = refusalOf(state, input, turn);
  if (refusal !== undefined) {
    turn.effects.push(refusal);
    return { state, effects: turn.effects };
  }
  const heard = hearEpoch(state, input, turn);
  const next = react(heard, input, turn);
  return { state: next, effects: turn.effects };
}

function react<R extends Role, K extends InputKind>(
  state: StateOf<R>,
  input: InputOf<K>,
  turn: Turn,
): QuorumState {
  // The role and the kind choose the row and the column that were made for them: the one place of erasure.
  const reaction = TABLE[state.role][input.kind] as unknown as Reaction<R, K>;
  return reaction(state, input, turn);
}

/**
 * Answers to Vote: whether this member gives its vote, or as a pre-vote would give it. The one place that records a
 * vote. Used by every role; what differs between them is in the table below.
 */
import type { InputOf } from '../quorum-inputs.js';
import type { VoteRequest } from '../quorum-messages.js';
import type { QuorumContext } from '../quorum-context.js';
import { leaderOf, type QuorumState } from '../quorum-state.js';
import { sameReplica } from '../replica-key.js';
import { standingOf, type Turn } from '../turn.js';
import { attachTo } from './unattached.js';

/** The request was checked and its epoch is not above ours. */
export function handleVoteRequest(
  state: QuorumState,
  { of, request }: InputOf<'vote-request'>,
  turn: Turn,
): QuorumState {
  const { candidate, preVote, epoch } = request;
  const refuse = (error: 'fenced-epoch' | 'invalid-voter-key' | 'none'): QuorumState => {
    turn.answer(state, of, { kind: 'vote', granted: false, ...turn.standing(state, error) });
    return state;
  };
  if (epoch < state.epoch) return refuse('fenced-epoch');
  if (!turn.isVoter || !sameReplica(request.voter, turn.context.me)) return refuse('invalid-voter-key');
  const granted = preVote
    ? grantsPreVote(state, request, turn.context)
    : grantsVote(state, request, turn.context);
  turn.trace({ kind: 'vote', granted, preVote, to: candidate.id });
  if (!granted) return refuse('none');
  const next = preVote || sameReplica(state.voted, candidate) ? state : recordVote(state, request, turn);
  turn.answer(next, of, { kind: 'vote', granted: true, ...turn.standing(next) });
  return next;
}

function recordVote(state: QuorumState, { candidate, epoch }: VoteRequest, turn: Turn): QuorumState {
  const election = { epoch, leaderId: undefined, voted: candidate };
  const kept = turn.context.rules.persistsVote() ? election : { ...election, voted: state.voted };
  return attachTo({ ...turn.persist(standingOf(state), kept), voted: candidate }, turn);
}

function grantsVote(state: QuorumState, request: VoteRequest, context: QuorumContext): boolean {
  const { rules, log, me } = context;
  switch (state.role) {
    case 'unattached':
    case 'prospective':
      if (state.voted !== undefined && sameReplica(state.voted, request.candidate)) return true;
      if (!rules.mayVote(state.voted, request.candidate)) return false;
      return leaderOf(state, me.id) === undefined && rules.isUpToDate(request, log);
    case 'candidate':
      // Its own vote is given; `mayVote` says so, and is asked so that a wrong rule shows.
      return rules.mayVote(state.voted, request.candidate) && rules.isUpToDate(request, log);
    case 'follower':
    case 'leader':
    case 'resigned':
      return false;
  }
}

function grantsPreVote(state: QuorumState, request: VoteRequest, { rules, log }: QuorumContext): boolean {
  if (!rules.isUpToDate(request, log)) return false;
  switch (state.role) {
    case 'unattached':
    case 'prospective':
    case 'candidate':
    case 'resigned':
      return true;
    case 'follower':
      // Who has heard of its leader in this epoch does not help to depose it.
      return !state.fetched;
    case 'leader':
      return false;
  }
}

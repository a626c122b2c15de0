/**
 * What holds in every role, before the role is asked: which requests are refused, and what a higher epoch, or a leader
 * that we did not know, means. Pure; called by `step.ts` alone.
 */
import { follow } from './follower.js';
import type { QuorumEffect } from '../quorum-effects.js';
import type { QuorumInput } from '../quorum-inputs.js';
import type { BeginEpochRequest, QuorumError, VoteRequest } from '../quorum-messages.js';
import { leaderOf, type QuorumState } from '../quorum-state.js';
import { isAmong, sameReplica } from '../replica-key.js';
import type { Turn } from '../turn.js';
import { attachToEpoch } from './unattached.js';

/** The answer to a request that no role would obey. */
export function refusalOf(state: QuorumState, input: QuorumInput, turn: Turn): QuorumEffect | undefined {
  const after = state.write;
  switch (input.kind) {
    case 'vote-request': {
      const error = voteFault(input.request, turn);
      if (error === 'none') return undefined;
      const answer = { kind: 'vote', granted: false, ...turn.standing(state, error) } as const;
      return { effect: 'answer', after, of: input.of, answer };
    }
    case 'begin-epoch-request':
    case 'end-epoch-request': {
      const { request } = input;
      const error = epochFault(state, request, turn);
      const fault =
        error === 'none' && request.kind === 'begin-epoch' ? beginFault(state, request, turn) : error;
      if (fault === 'none') return undefined;
      return {
        effect: 'answer',
        after,
        of: input.of,
        answer: { kind: 'epoch', ...turn.standing(state, fault) },
      };
    }
    case 'fetch-request': {
      const { epoch } = input.request;
      if (epoch === state.epoch) return undefined;
      const error = epoch < state.epoch ? 'fenced-epoch' : 'unknown-epoch';
      const { highWatermark } = state;
      const answer = {
        kind: 'fetch',
        ...turn.standing(state, error),
        highWatermark,
        hasRecords: false,
      } as const;
      return { effect: 'answer', after, of: input.of, answer };
    }
    default:
      return undefined;
  }
}

function voteFault(
  { epoch, lastEpoch, endOffset, preVote, candidate }: VoteRequest,
  turn: Turn,
): QuorumError {
  const late = preVote ? lastEpoch > epoch : lastEpoch >= epoch;
  if (endOffset < 0 || lastEpoch < 0 || epoch < 0 || late) return 'invalid-request';
  return isAmong(turn.context.voters, candidate) ? 'none' : 'invalid-voter-key';
}

function epochFault(
  state: QuorumState,
  request: { readonly epoch: number; readonly leaderId: number },
  turn: Turn,
): QuorumError {
  const { epoch, leaderId } = request;
  if (epoch < state.epoch) return 'fenced-epoch';
  const known = turn.context.voters.some(({ id }) => id === leaderId);
  if (!known || leaderId === turn.context.me.id) return 'invalid-request';
  return 'none';
}

/** Two leaders of one epoch cannot be: whoever says so is not believed. */
function beginFault(
  state: QuorumState,
  { voter, epoch, leaderId }: BeginEpochRequest,
  turn: Turn,
): QuorumError {
  const { me } = turn.context;
  if (!sameReplica(voter, me)) return 'invalid-voter-key';
  const known = epoch === state.epoch ? leaderOf(state, me.id) : undefined;
  return known === undefined || known === leaderId ? 'none' : 'invalid-request';
}

/** A higher epoch ends what we were; a leader named with it is followed. */
export function hearEpoch(state: QuorumState, input: QuorumInput, turn: Turn): QuorumState {
  switch (input.kind) {
    case 'persisted':
      return { ...state, persisted: Math.max(state.persisted, input.write) };
    case 'vote-request':
    case 'begin-epoch-request':
    case 'end-epoch-request': {
      const { epoch } = input.request;
      return epoch > state.epoch ? attachToEpoch(state, epoch, turn) : state;
    }
    case 'vote-answer':
    case 'epoch-answer':
    case 'fetch-answer': {
      const { epoch, leaderId } = input.answer;
      if (epoch <= state.epoch) return state;
      const known = leaderId !== undefined && leaderId !== turn.context.me.id;
      const votes = turn.context.voters.some(({ id }) => id === leaderId);
      return known && votes ? follow(state, { epoch, leaderId }, turn) : attachToEpoch(state, epoch, turn);
    }
    default:
      return state;
  }
}

/**
 * Unattached: knows an epoch and no leader of it. A voter waits for an election, its own or another's; an observer asks
 * one voter after the other who leads. Also how any role falls back to it: by a higher epoch, or a vote given.
 */
import { follow } from './follower.js';
import { askForPreVotes } from './prospective.js';
import type { InputOf } from '../quorum-inputs.js';
import type { QuorumState, Standing, Unattached } from '../quorum-state.js';
import { standingOf, type Turn } from '../turn.js';

/** The epoch and the vote are given to `persist` already. */
export function attachTo(standing: Standing, turn: Turn): Unattached {
  const state = turn.enter({ ...standing, role: 'unattached', asking: undefined, next: 0 } as const);
  if (turn.isVoter) turn.setElectionTimer();
  else turn.setTimer('retry', 0);
  return state;
}

/** A higher epoch was heard of, and nothing else. */
export function attachToEpoch(state: QuorumState, epoch: number, turn: Turn): Unattached {
  const election = { epoch, leaderId: undefined, voted: undefined };
  return attachTo(turn.persist(standingOf(state), election), turn);
}

/** Nobody has won: ask whether we could. */
export function unattachedElectionTimer(state: Unattached, _input: unknown, turn: Turn): QuorumState {
  if (!turn.isVoter) return state;
  return askForPreVotes(standingOf(state), undefined, turn);
}

/** An observer asks the next voter by an ordinary Fetch; the answer of whoever does not lead says who does. */
export function unattachedRetryTimer(state: Unattached, _input: unknown, turn: Turn): QuorumState {
  const { voters, log, me, timeouts } = turn.context;
  const voter = voters[state.next % voters.length];
  if (voter === undefined || turn.isVoter) return state;
  const { epoch, highWatermark } = state;
  const { endOffset: offset, lastEpoch } = log;
  const request = { kind: 'fetch', replica: me, epoch, offset, lastEpoch, highWatermark } as const;
  const correlation = turn.send(state, voter.id, request);
  turn.setTimer('retry', timeouts.fetchMs);
  return { ...state, correlation, asking: correlation, next: (state.next + 1) % voters.length };
}

/** Whoever leads a higher epoch has been followed already, before this is asked. */
export function unattachedFetchAnswer(
  state: Unattached,
  { correlation, answer }: InputOf<'fetch-answer'>,
  turn: Turn,
): QuorumState {
  if (state.asking !== correlation) return state;
  if (answer.leaderId !== undefined && answer.epoch === state.epoch) {
    return follow(state, { epoch: state.epoch, leaderId: answer.leaderId }, turn);
  }
  turn.setTimer('retry', turn.context.timeouts.retryMs);
  return { ...state, asking: undefined };
}

export function unattachedRequestFailed(
  state: Unattached,
  { correlation }: InputOf<'request-failed'>,
  turn: Turn,
): QuorumState {
  if (state.asking !== correlation) return state;
  turn.setTimer('retry', turn.context.timeouts.retryMs);
  return { ...state, asking: undefined };
}

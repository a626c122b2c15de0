/**
 * Prospective: has no leader, or lost it, and asks whether it could win an election before it raises the epoch
 * (KIP-996). So a member that comes back from behind a partition does not depose a leader that all others hear.
 *
 * Voters that lose their leader at the same moment take turns by their place in the list: all become prospective at
 * once, and so grant pre-votes, but each asks only when those before it have had their time.
 */
import { countVote, openBallot } from './ballots.js';
import { stand } from './candidate.js';
import { follow } from './follower.js';
import type { InputOf } from '../quorum-inputs.js';
import type { Prospective, QuorumState, Standing } from '../quorum-state.js';
import { standingOf, type Turn } from '../turn.js';
import { attachTo } from './unattached.js';

/** The leader is gone for certain, or has said that it goes; `place` voters have their turn before us. */
export function loseLeader(state: Standing, leaderId: number, place: number, turn: Turn): Prospective {
  const next = turn.enter({ ...state, role: 'prospective', leaderId, ballot: undefined } as const);
  const { staggerMs } = turn.context.timeouts;
  turn.setTimer('election', place * staggerMs, place === 0 ? 0 : staggerMs);
  return next;
}

/** Voters before us in the list, not counting the leader that is gone. */
export function placeAmong(turn: Turn, leaderId: number): number {
  const left = turn.context.voters.filter(({ id }) => id !== leaderId);
  return Math.max(
    left.findIndex(({ id }) => id === turn.context.me.id),
    0,
  );
}

export function askForPreVotes(standing: Standing, leaderId: number | undefined, turn: Turn): QuorumState {
  turn.trace({ kind: 'pre-vote', epoch: standing.epoch });
  const prospective = { ...standing, role: 'prospective', leaderId, ballot: undefined } as const;
  const entered = turn.enter<Prospective>(prospective);
  const { ballot, correlation } = openBallot(entered, true, turn);
  turn.setElectionTimer();
  const state = { ...entered, ballot, correlation };
  return turn.context.rules.isElected(ballot, turn.context.voters.length) ? stand(state, turn) : state;
}

export function prospectiveVoteAnswer(
  state: Prospective,
  { correlation, answer }: InputOf<'vote-answer'>,
  turn: Turn,
): QuorumState {
  const ballot = state.ballot && countVote(state.ballot, correlation, answer.granted);
  if (ballot === undefined) return state;
  const { leaderId, epoch } = answer;
  if (leaderId !== undefined && epoch === state.epoch && state.leaderId === undefined) {
    return follow(state, { epoch, leaderId }, turn);
  }
  const next = { ...state, ballot };
  return turn.context.rules.isElected(ballot, turn.context.voters.length) ? stand(next, turn) : next;
}

/** Our turn has come, or the round has brought nothing: back to what we were, and from there again. */
export function prospectiveElectionTimer(state: Prospective, _input: unknown, turn: Turn): QuorumState {
  const { leaderId, epoch } = state;
  if (state.ballot === undefined) return askForPreVotes(standingOf(state), leaderId, turn);
  if (leaderId === undefined) return attachTo(standingOf(state), turn);
  // The others may only not have noticed yet: when the leader does not answer soon, they are asked again.
  const { electionMs } = turn.context.timeouts;
  return follow(state, { epoch, leaderId, patience: { delayMs: electionMs, spreadMs: electionMs } }, turn);
}

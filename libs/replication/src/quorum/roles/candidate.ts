/**
 * Candidate: has raised the epoch, given itself its vote, and asks the others for theirs. It leads when a majority has
 * answered yes and its own vote is on the disk; nothing decided: it asks for pre-votes again when its time is up.
 */
import { countVote, openBallot } from './ballots.js';
import { follow } from './follower.js';
import { lead } from './leader.js';
import { askForPreVotes } from './prospective.js';
import type { InputOf } from '../quorum-inputs.js';
import type { Candidate, QuorumState } from '../quorum-state.js';
import { standingOf, type Turn } from '../turn.js';

export function stand(state: QuorumState, turn: Turn): Candidate {
  const election = { epoch: state.epoch + 1, leaderId: undefined, voted: turn.context.me };
  const standing = turn.persist(standingOf(state), election);
  turn.trace({ kind: 'election', epoch: election.epoch });
  const empty = { asked: [], granted: [], rejected: [] };
  const entered = turn.enter<Candidate>({ ...standing, role: 'candidate', ballot: empty });
  turn.setElectionTimer();
  return { ...entered, ...openBallot(entered, false, turn) };
}

export function candidateVoteAnswer(
  state: Candidate,
  { correlation, answer }: InputOf<'vote-answer'>,
  turn: Turn,
): QuorumState {
  const ballot = countVote(state.ballot, correlation, answer.granted);
  if (ballot === undefined) return state;
  const { leaderId, epoch } = answer;
  if (leaderId !== undefined && epoch === state.epoch) return follow(state, { epoch, leaderId }, turn);
  return leadIfElected({ ...state, ballot }, turn);
}

/** The only vote of a quorum of one is its own. */
export function candidatePersisted(state: Candidate, _input: unknown, turn: Turn): QuorumState {
  return leadIfElected(state, turn);
}

export function candidateElectionTimer(state: Candidate, _input: unknown, turn: Turn): QuorumState {
  return askForPreVotes(standingOf(state), undefined, turn);
}

function leadIfElected(state: Candidate, turn: Turn): QuorumState {
  if (state.persisted < state.write) return state;
  const elected = turn.context.rules.isElected(state.ballot, turn.context.voters.length);
  return elected ? lead(state, turn) : state;
}

/**
 * A ballot: votes asked of all other voters, counted as the answers come. The same for pre-votes and for votes. Pure.
 */
import type { Ballot, Standing } from '../quorum-state.js';
import type { Turn } from '../turn.js';

/** Asks every other voter; our own vote is in it. */
export function openBallot(
  state: Standing,
  preVote: boolean,
  turn: Turn,
): { ballot: Ballot; correlation: number } {
  const { me, log } = turn.context;
  const { epoch } = state;
  const { lastEpoch, endOffset } = log;
  let { correlation } = state;
  const asked = turn.otherVoters.map((voter) => {
    const request = { kind: 'vote', candidate: me, voter, epoch, lastEpoch, endOffset, preVote } as const;
    correlation = turn.send({ ...state, correlation }, voter.id, request);
    return { voter: voter.id, correlation };
  });
  return { ballot: { asked, granted: [me.id], rejected: [] }, correlation };
}

/** The ballot with one answer in it; nothing when the answer is not one that it waits for. */
export function countVote(ballot: Ballot, correlation: number, granted: boolean): Ballot | undefined {
  const answered = ballot.asked.find((asked) => asked.correlation === correlation);
  if (answered === undefined) return undefined;
  return {
    asked: ballot.asked.filter((asked) => asked !== answered),
    granted: granted ? [...ballot.granted, answered.voter] : ballot.granted,
    rejected: granted ? ballot.rejected : [...ballot.rejected, answered.voter],
  };
}

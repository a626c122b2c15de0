/**
 * Leader: appends, serves the others' fetches, and knows from them what is on whose disk. An entry is committed when a
 * majority of voters has it on disk and it lies in this very epoch, which therefore begins with a record of its own
 * (Raft, figure 8). Gives up when no majority has fetched for one and a half fetch timeouts (check quorum).
 *
 * What must hold: it never cuts its own log; its own log counts only as far as it is on the disk; observers never
 * count; the high watermark never goes back.
 */
import { majorityOf, majorityOffset } from '../majority.js';
import type { InputOf } from '../quorum-inputs.js';
import type { FetchRequest } from '../quorum-messages.js';
import type { QuorumContext } from '../quorum-context.js';
import { withProgress } from './replica-progress.js';
import type { Candidate, Leader, QuorumState } from '../quorum-state.js';
import { resign } from './resigned.js';
import { standingOf, type Turn } from '../turn.js';

const CHECK_QUORUM_FACTOR = 1.5;

export function lead(candidate: Candidate, turn: Turn): Leader {
  const { log, me, now, timeouts } = turn.context;
  const { epoch, voted } = candidate;
  turn.trace({ kind: 'elected', epoch, endOffset: log.endOffset });
  const standing = turn.persist(standingOf(candidate), { epoch, leaderId: me.id, voted });
  const replicas = turn.otherVoters.map((key) => ({
    key,
    voter: true,
    endOffset: undefined,
    fetchedAtMs: now,
    caughtUpAtMs: undefined,
  }));
  const leader = turn.enter<Leader>({
    ...standing,
    role: 'leader',
    epochStartOffset: log.endOffset,
    flushedOffset: 0,
    replicas,
  });
  turn.effects.push({ effect: 'append-epoch-start', epoch, granting: candidate.ballot.granted });
  turn.flush();
  if (replicas.length > 0) turn.setTimer('check-quorum', timeouts.fetchMs * CHECK_QUORUM_FACTOR);
  return announce(leader, turn);
}

/** Tells the voters that do not fetch who leads, and goes on telling them. */
function announce(state: Leader, turn: Turn): Leader {
  const { me, now, timeouts } = turn.context;
  let { correlation } = state;
  for (const { key, voter, endOffset, fetchedAtMs } of state.replicas) {
    if (!voter || (endOffset !== undefined && now - fetchedAtMs < timeouts.fetchMs)) continue;
    const request = { kind: 'begin-epoch', leaderId: me.id, epoch: state.epoch, voter: key } as const;
    correlation = turn.send({ ...state, correlation }, key.id, request);
  }
  if (state.replicas.length > 0) turn.setTimer('begin-epoch', timeouts.fetchMs / 4);
  return { ...state, correlation };
}

export function leaderBeginEpochTimer(state: Leader, _input: unknown, turn: Turn): QuorumState {
  return announce(state, turn);
}

/** The request was checked: it is of this epoch. */
export function leaderFetchRequest(
  state: Leader,
  { of, request }: InputOf<'fetch-request'>,
  turn: Turn,
): QuorumState {
  const { rules, log } = turn.context;
  const comparison = rules.compare(log, request.offset, request.lastEpoch);
  if (comparison.is === 'prefix') {
    const next = commit(withProgress(state, request, turn.context), turn);
    turn.effects.push({ effect: 'serve-fetch', after: next.write, of, epoch: next.epoch });
    return next;
  }
  const { highWatermark } = state;
  const answer = { kind: 'fetch', ...turn.standing(state), highWatermark, hasRecords: false } as const;
  if (comparison.is === 'diverging') turn.answer(state, of, { ...answer, diverging: comparison.diverging });
  else turn.answer(state, of, { ...answer, snapshot: comparison.snapshot });
  return heard(state, request, turn.context);
}

/** It fetches, so it counts for check quorum; what it has is not known yet. */
function heard(state: Leader, { replica }: FetchRequest, { now }: QuorumContext): Leader {
  const replicas = state.replicas.map((known) =>
    known.key.id === replica.id && known.key.directoryId === replica.directoryId
      ? { ...known, fetchedAtMs: now }
      : known,
  );
  return { ...state, replicas };
}

export function leaderFlushed(state: Leader, { offset }: InputOf<'flushed'>, turn: Turn): QuorumState {
  return commit({ ...state, flushedOffset: Math.max(state.flushedOffset, offset) }, turn);
}

function commit(state: Leader, turn: Turn): Leader {
  const { rules, log, voters } = turn.context;
  const ends = [rules.ownOffset(state.flushedOffset, log)];
  for (const { voter, endOffset } of state.replicas)
    if (voter && endOffset !== undefined) ends.push(endOffset);
  const offset = majorityOffset(ends, voters.length);
  return rules.mayCommit(offset, state.epochStartOffset) ? turn.raise(state, offset) : state;
}

/** The moment when a majority, ourselves in it, was last heard of decides; until then the timer is set again. */
export function leaderCheckQuorumTimer(state: Leader, _input: unknown, turn: Turn): QuorumState {
  const { now, timeouts, voters } = turn.context;
  const others = state.replicas.filter(({ voter }) => voter).map(({ fetchedAtMs }) => fetchedAtMs);
  const needed = majorityOf(voters.length) - 1;
  const heardAtMs = others.sort((one, other) => other - one)[needed - 1] ?? now;
  const leftMs = heardAtMs + timeouts.fetchMs * CHECK_QUORUM_FACTOR - now;
  if (leftMs <= 0) return resign(state, 'no-majority', turn);
  turn.setTimer('check-quorum', leftMs);
  return state;
}

export function leaderStop(state: Leader, _input: unknown, turn: Turn): QuorumState {
  return resign(state, 'stopping', turn);
}

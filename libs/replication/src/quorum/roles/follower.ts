/**
 * Follower: copies its leader's log by one Fetch after the other. A Fetch says "everything below this offset is on my
 * disk", so each waits until what came before is; it is the acknowledgement. Loses the leader when no answer came for
 * the fetch timeout, when nobody listens at the leader's address any more, or when the leader says that it goes.
 *
 * What must hold: an answer counts once, and only the one to the Fetch on its way; the log is cut only by the leader
 * of this very epoch, and never below what is known to be committed.
 */
import { truncationOffset } from '../log-view.js';
import { loseLeader, placeAmong, askForPreVotes } from './prospective.js';
import type { InputOf } from '../quorum-inputs.js';
import type { FetchAnswer } from '../quorum-messages.js';
import type { Follower, QuorumState } from '../quorum-state.js';
import { sameReplica } from '../replica-key.js';
import { standingOf, type Turn } from '../turn.js';
import { attachTo } from './unattached.js';

/** A leader, the epoch, and how long it may leave the first Fetch unanswered. */
interface Following {
  readonly epoch: number;
  readonly leaderId: number;
  readonly patience?: { readonly delayMs: number; readonly spreadMs: number };
}

export function follow(from: QuorumState, { epoch, leaderId, patience }: Following, turn: Turn): Follower {
  const voted = epoch === from.epoch ? from.voted : undefined;
  const standing = turn.persist(standingOf(from), { epoch, leaderId, voted });
  const state = turn.enter<Follower>({
    ...standing,
    role: 'follower',
    leaderId,
    activity: 'writing',
    fetching: undefined,
    fetched: false,
    failures: 0,
    leaderHighWatermark: 0,
  });
  turn.setTimer('fetch', patience?.delayMs ?? turn.context.timeouts.fetchMs, patience?.spreadMs);
  return fetchOrFlush(state, turn);
}

/** What is not on the disk yet goes there first. */
function fetchOrFlush(state: Follower, turn: Turn): Follower {
  const { rules, log, me } = turn.context;
  if (!rules.mayFetch(log)) {
    turn.flush();
    return { ...state, activity: 'writing', fetching: undefined };
  }
  const { epoch, leaderId } = state;
  const highWatermark = Math.min(state.leaderHighWatermark, log.endOffset);
  const raised = turn.raise(state, highWatermark);
  const { endOffset: offset, lastEpoch } = log;
  const request = { kind: 'fetch', replica: me, epoch, offset, lastEpoch, highWatermark } as const;
  const correlation = turn.send(raised, leaderId, request);
  return { ...raised, activity: 'fetching', fetching: correlation, correlation };
}

export function followerFetchAnswer(
  state: Follower,
  { correlation, from, answer }: InputOf<'fetch-answer'>,
  turn: Turn,
): QuorumState {
  const { rules } = turn.context;
  if (!rules.isAwaited(state.fetching, correlation) || from !== state.leaderId) return state;
  if (answer.error !== 'none' || answer.epoch !== state.epoch) return failed(state, turn);
  turn.setTimer('fetch', turn.context.timeouts.fetchMs);
  return take({ ...state, fetched: true, failures: 0 }, answer, turn);
}

function take(known: Follower, answer: FetchAnswer, turn: Turn): QuorumState {
  const { diverging, snapshot, hasRecords, highWatermark } = answer;
  if (snapshot !== undefined) {
    turn.effects.push({ effect: 'fetch-snapshot', from: known.leaderId, snapshot });
    return { ...known, activity: 'loading', fetching: undefined };
  }
  if (diverging !== undefined) return truncate(known, truncationOffset(turn.context.log, diverging), turn);
  // Only now is this log known to be a beginning of the leader's: one cut may not have been enough.
  const state = { ...known, leaderHighWatermark: highWatermark };
  if (!hasRecords) return fetchOrFlush(state, turn);
  turn.effects.push({ effect: 'append-fetched' });
  turn.flush();
  return { ...state, activity: 'writing', fetching: undefined };
}

function truncate(state: Follower, offset: number, turn: Turn): QuorumState {
  const { log } = turn.context;
  if (offset < state.highWatermark) {
    const reason = `leader ${state.leaderId} of epoch ${state.epoch} wants the log cut at ${offset}, below ${state.highWatermark}, which is committed`;
    turn.effects.push({ effect: 'fatal', reason });
    return state;
  }
  turn.trace({ kind: 'truncated', from: log.endOffset, to: offset });
  turn.effects.push({ effect: 'truncate', offset });
  turn.flush();
  return { ...state, activity: 'writing', fetching: undefined };
}

export function followerFlushed(state: Follower, _input: unknown, turn: Turn): QuorumState {
  return state.activity === 'writing' ? fetchOrFlush(state, turn) : state;
}

export function followerSnapshotInstalled(state: Follower, _input: unknown, turn: Turn): QuorumState {
  if (state.activity !== 'loading') return state;
  turn.setTimer('fetch', turn.context.timeouts.fetchMs);
  return fetchOrFlush(turn.raise(state, turn.context.log.startOffset), turn);
}

export function followerSnapshotFailed(state: Follower, _input: unknown, turn: Turn): QuorumState {
  return state.activity === 'loading' ? failed(state, turn) : state;
}

export function followerRequestFailed(
  state: Follower,
  { correlation, failure }: InputOf<'request-failed'>,
  turn: Turn,
): QuorumState {
  if (state.fetching !== correlation) return state;
  if (failure === 'refused') return lost(state, 'refused', turn);
  return failed(state, turn);
}

/** A connection that has just broken is tried again at once: whether somebody listens there is worth knowing early. */
function failed(state: Follower, turn: Turn): QuorumState {
  const failures = state.failures + 1;
  turn.setTimer('retry', failures === 1 ? 0 : turn.context.timeouts.retryMs);
  return { ...state, activity: 'waiting', fetching: undefined, failures };
}

export function followerRetryTimer(state: Follower, _input: unknown, turn: Turn): QuorumState {
  return state.activity === 'waiting' ? fetchOrFlush(state, turn) : state;
}

export function followerFetchTimer(state: Follower, _input: unknown, turn: Turn): QuorumState {
  return lost(state, 'timeout', turn);
}

function lost(state: Follower, how: 'refused' | 'timeout', turn: Turn): QuorumState {
  const { leaderId } = state;
  turn.trace({ kind: 'leader-lost', leaderId, how });
  if (!turn.isVoter) return attachTo(standingOf(state), turn);
  if (how === 'timeout') return askForPreVotes(standingOf(state), leaderId, turn);
  return loseLeader(standingOf(state), leaderId, placeAmong(turn, leaderId), turn);
}

/** The leader goes, and names who is to come after it, best first. */
export function followerEndEpoch(
  state: Follower,
  { of, request }: InputOf<'end-epoch-request'>,
  turn: Turn,
): QuorumState {
  turn.answer(state, of, { kind: 'epoch', ...turn.standing(state) });
  if (request.leaderId !== state.leaderId || !turn.isVoter) return state;
  turn.trace({ kind: 'leader-lost', leaderId: state.leaderId, how: 'resigned' });
  const place = request.preferred.findIndex((key) => sameReplica(key, turn.context.me));
  return loseLeader(standingOf(state), state.leaderId, place < 0 ? request.preferred.length : place, turn);
}

/**
 * Resigned: led this epoch and never will again. Because it stops in order, because no majority fetches from it any
 * more, or because it was started anew and finds its own name as the leader's. Tells the voters so that they need not
 * wait, and then stands like anybody else.
 */
import type { Leader, QuorumState, Resigned } from '../quorum-state.js';
import { standingOf, type Turn } from '../turn.js';
import { attachTo } from './unattached.js';

export function resign(state: Leader, why: 'stopping' | 'no-majority', turn: Turn): Resigned {
  const { epoch } = state;
  turn.trace({ kind: 'resigned', epoch, why });
  let resigned = turn.enter<Resigned>({ ...standingOf(state), role: 'resigned' });
  const ends = new Map(state.replicas.map(({ key, endOffset }) => [key.id, endOffset ?? -1]));
  const preferred = [...turn.otherVoters].sort(
    (one, other) => (ends.get(other.id) ?? -1) - (ends.get(one.id) ?? -1),
  );
  for (const { id } of turn.otherVoters) {
    const request = { kind: 'end-epoch', leaderId: turn.context.me.id, epoch, preferred } as const;
    resigned = { ...resigned, correlation: turn.send(resigned, id, request) };
  }
  turn.setElectionTimer();
  return resigned;
}

export function resignedElectionTimer(state: Resigned, _input: unknown, turn: Turn): QuorumState {
  return attachTo(standingOf(state), turn);
}

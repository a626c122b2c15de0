/**
 * How a member begins: from what it must never forget. Whoever led an epoch does not lead it again after a restart,
 * because its log may have lost what it gave out in it; whoever voted is bound by it; a quorum of one needs nobody.
 */
import { stand } from './candidate.js';
import { follow } from './follower.js';
import type { ElectionState } from '../quorum-effects.js';
import type { QuorumState, Standing } from '../quorum-state.js';
import type { QuorumContext } from '../quorum-context.js';
import type { Turn } from '../turn.js';
import { attachTo } from './unattached.js';

/**
 * Before the first step. `election` is what is on the disk, nothing at the very first start; `highWatermark` what was
 * known to be committed, 0 when nothing is known.
 */
export function initialState(
  election: ElectionState | undefined,
  highWatermark: number,
  { log, me }: Pick<QuorumContext, 'log' | 'me'>,
): QuorumState {
  const epoch = Math.max(election?.epoch ?? 0, log.lastEpoch);
  const held = election?.epoch === epoch ? election : undefined;
  const standing: Standing = {
    epoch,
    voted: held?.voted,
    write: 0,
    persisted: 0,
    correlation: 0,
    highWatermark,
  };
  const leaderId = held?.leaderId;
  if (leaderId === me.id) return { ...standing, role: 'resigned' };
  if (leaderId === undefined) return { ...standing, role: 'unattached', asking: undefined, next: 0 };
  return { ...standing, role: 'prospective', leaderId, ballot: undefined };
}

export function start(state: QuorumState, _input: unknown, turn: Turn): QuorumState {
  if (turn.isVoter && turn.context.voters.length === 1) return stand(state, turn);
  switch (state.role) {
    case 'resigned':
      turn.trace({ kind: 'resigned', epoch: state.epoch, why: 'restarted' });
      turn.enter(state);
      turn.setElectionTimer();
      return state;
    case 'prospective':
      // It had a leader: go on following.
      if (state.leaderId === undefined) return attachTo(state, turn);
      return follow(state, { epoch: state.epoch, leaderId: state.leaderId }, turn);
    case 'unattached':
    case 'candidate':
    case 'leader':
    case 'follower':
      return attachTo(state, turn);
  }
}

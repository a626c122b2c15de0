/**
 * One step being made: collects effects in order and numbers writes and requests. The roles' files write their part of
 * the machine with it; `step.ts` makes one per input and hands out what it collected. Holds nothing beyond the step.
 *
 * What must hold: whatever is sent or answered waits for the newest write of the election state.
 */
import type { ElectionState, QuorumEffect, QuorumEvent } from './quorum-effects.js';
import type { QuorumTimer } from './quorum-inputs.js';
import type { QuorumAnswer, QuorumError, QuorumRequest, Standing as Standings } from './quorum-messages.js';
import type { QuorumContext } from './quorum-context.js';
import { leaderOf, type QuorumState, type Standing } from './quorum-state.js';
import { isAmong, type ReplicaKey } from './replica-key.js';

export class Turn {
  readonly effects: QuorumEffect[] = [];

  constructor(readonly context: QuorumContext) {}

  get isVoter(): boolean {
    return isAmong(this.context.voters, this.context.me);
  }

  get otherVoters(): readonly ReplicaKey[] {
    return this.context.voters.filter(({ id }) => id !== this.context.me.id);
  }

  /** The election state is to be on the disk before anything that leaves from now on. */
  persist(state: Standing, election: ElectionState): Standing {
    const write = state.write + 1;
    this.effects.push({ effect: 'persist', write, election });
    const { persisted, correlation, highWatermark } = state;
    return { epoch: election.epoch, voted: election.voted, write, persisted, correlation, highWatermark };
  }

  /** Sends a request and answers its number, which the caller puts into the state. */
  send(state: Standing, to: number, request: QuorumRequest): number {
    const correlation = state.correlation + 1;
    this.effects.push({ effect: 'send', after: state.write, to, correlation, request });
    return correlation;
  }

  answer(state: QuorumState, of: number, answer: QuorumAnswer): void {
    this.effects.push({ effect: 'answer', after: state.write, of, answer });
  }

  /** What every answer says of its sender. */
  standing(state: QuorumState, error: QuorumError = 'none'): Standings {
    return { error, epoch: state.epoch, leaderId: leaderOf(state, this.context.me.id) };
  }

  setTimer(timer: QuorumTimer, delayMs: number, spreadMs = 0): void {
    this.effects.push({ effect: 'set-timer', timer, delayMs, spreadMs });
  }

  /** Votes are waited for, and the next election is put off, by a time that differs from member to member. */
  setElectionTimer(): void {
    const { electionMs } = this.context.timeouts;
    this.setTimer('election', electionMs, electionMs);
  }

  flush(): void {
    this.effects.push({ effect: 'flush' });
  }

  trace(event: QuorumEvent): void {
    this.effects.push({ effect: 'trace', event });
  }

  /** The member has another role from here on: its timers go, and whoever serves it is told. */
  enter<S extends QuorumState>(state: S): S {
    const leaderId = leaderOf(state, this.context.me.id);
    this.effects.push(
      { effect: 'cancel-timers' },
      { effect: 'role', role: state.role, epoch: state.epoch, leaderId },
    );
    return state;
  }

  /** The high watermark only ever rises. */
  raise<S extends Standing>(state: S, offset: number): S {
    if (offset <= state.highWatermark) return state;
    this.effects.push({ effect: 'high-watermark', offset });
    return { ...state, highWatermark: offset };
  }
}

/** The part of a state that goes from role to role. */
export function standingOf(state: QuorumState): Standing {
  const { epoch, voted, write, persisted, correlation, highWatermark } = state;
  return { epoch, voted, write, persisted, correlation, highWatermark };
}

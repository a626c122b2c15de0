/**
 * One member of a quorum of three, taken through inputs by hand: for specs of single steps. Keeps the state and what
 * the last step asked for; the log and the time are the spec's.
 */
import { QUORUM_TIMEOUTS, type QuorumContext } from '../quorum-context.js';
import type { ElectionState, QuorumEffect } from '../quorum-effects.js';
import type { QuorumInput } from '../quorum-inputs.js';
import { QUORUM_RULES, type QuorumRules } from '../quorum-rules.js';
import type { QuorumState, Role } from '../quorum-state.js';
import type { ReplicaKey } from '../replica-key.js';
import { initialState } from '../roles/start.js';
import { step } from '../step.js';
import { logOf } from './simulated-log.js';

export const replicaOf = (id: number): ReplicaKey => ({ id, directoryId: `directory-${id}` });

export class OneMember {
  now = 1_000;
  state: QuorumState;
  effects: readonly QuorumEffect[] = [];
  readonly log;

  constructor(
    epochs: readonly number[] = [],
    readonly voters: readonly ReplicaKey[] = [1, 2, 3].map(replicaOf),
    readonly me: ReplicaKey = replicaOf(1),
    election?: ElectionState,
    private readonly rules: QuorumRules = QUORUM_RULES,
  ) {
    this.log = logOf(epochs);
    this.state = initialState(election, 0, { log: this.log, me });
  }

  take(input: QuorumInput): readonly QuorumEffect[] {
    const context: QuorumContext = {
      me: this.me,
      voters: this.voters,
      timeouts: QUORUM_TIMEOUTS,
      log: this.log,
      now: this.now,
      rules: this.rules,
    };
    const { state, effects } = step(this.state, input, context);
    this.state = state;
    this.effects = effects;
    for (const effect of effects) this.apply(effect);
    return effects;
  }

  /** The log is done at once; the disk answers when the spec says so. */
  private apply(effect: QuorumEffect): void {
    if (effect.effect === 'append-epoch-start') this.log.append(effect.epoch, -1);
    if (effect.effect === 'truncate') this.log.truncate(effect.offset);
  }

  /** Everything written so far is on the disk. */
  settle(): readonly QuorumEffect[] {
    return this.take({ kind: 'persisted', write: this.state.write });
  }

  flush(): readonly QuorumEffect[] {
    this.log.flushedOffset = this.log.endOffset;
    return this.take({ kind: 'flushed', offset: this.log.endOffset });
  }

  of<K extends QuorumEffect['effect']>(kind: K): Extract<QuorumEffect, { effect: K }>[] {
    return this.effects.filter(
      (effect): effect is Extract<QuorumEffect, { effect: K }> => effect.effect === kind,
    );
  }

  answers(): object[] {
    return this.of('answer').map(({ answer }) => answer);
  }

  /** Brings it into a role in epoch 1 by the shortest way; 2 is the leader where there is one. */
  become(role: Role): this {
    this.take({ kind: 'started' });
    if (role === 'follower' || role === 'resigned' || role === 'leader') return this.becomeAttached(role);
    if (role === 'unattached') return this;
    this.take({ kind: 'election-timer' });
    if (role === 'candidate') this.grant(true);
    return this;
  }

  private becomeAttached(role: Role): this {
    if (role === 'follower') {
      const request = {
        kind: 'begin-epoch',
        leaderId: 2,
        epoch: Math.max(this.log.lastEpoch, 1),
        voter: this.me,
      } as const;
      this.take({ kind: 'begin-epoch-request', of: 1, request });
      this.settle();
      return this;
    }
    this.take({ kind: 'election-timer' });
    this.grant(true);
    this.settle();
    this.grant(false);
    this.settle();
    if (role === 'resigned') this.take({ kind: 'stop' });
    return this;
  }

  private grant(preVote: boolean): void {
    const sent = this.of('send').find(
      ({ request }) => request.kind === 'vote' && request.preVote === preVote,
    );
    const correlation = sent?.correlation ?? this.state.correlation - (this.voters.length - 2);
    const from = sent?.to ?? 2;
    const answer = {
      kind: 'vote',
      error: 'none',
      epoch: this.state.epoch,
      leaderId: undefined,
      granted: true,
    } as const;
    this.take({ kind: 'vote-answer', correlation, from, answer });
  }
}

/**
 * Watches a simulated quorum and says when it has broken a promise. Asked after every step about what the step did;
 * each check looks only at that. The names are those of the table of invariants (docs/guarantees.md).
 */
import { majorityOf } from '../majority.js';
import type { ElectionState } from '../quorum-effects.js';
import type { QuorumState } from '../quorum-state.js';
import { sameReplica } from '../replica-key.js';
import type { Entry, SimulatedLog } from './simulated-log.js';

export type Invariant =
  | 'ElectionSafety'
  | 'EpochMonotone'
  | 'LeaderCompleteness'
  | 'LogMatching'
  | 'CommittedPrefix'
  | 'HwMonotone'
  | 'HwJustified'
  | 'Liveness';

export class Violation extends Error {
  override readonly name = 'Violation';
  constructor(
    readonly invariant: Invariant,
    detail: string,
  ) {
    super(`${invariant}: ${detail}`);
  }
}

interface Committed {
  readonly entry: Entry;
  /** Of the leader that committed it. */
  readonly epoch: number;
}

export interface WatchedMember {
  readonly id: number;
  readonly state: QuorumState;
  readonly log: SimulatedLog;
  /** Of all voters, this member's among them. */
  readonly voterLogs: readonly SimulatedLog[];
}

export class QuorumChecker {
  readonly committed: Committed[] = [];
  private readonly leaders = new Map<number, number>();
  private readonly chains = new Map<string, number>();
  private readonly watermarks = new Map<number, number>();

  elected(id: number, epoch: number, log: SimulatedLog): void {
    const other = this.leaders.get(epoch);
    if (other !== undefined) throw new Violation('ElectionSafety', `${other} and ${id} lead epoch ${epoch}`);
    this.leaders.set(epoch, id);
    this.committed.forEach(({ entry, epoch: at }, offset) => {
      if (at < epoch && log.entries[offset]?.chain !== entry.chain) {
        throw new Violation(
          'LeaderCompleteness',
          `${id} leads ${epoch} without offset ${offset} of epoch ${at}`,
        );
      }
    });
  }

  persisted(before: ElectionState | undefined, after: ElectionState): void {
    if (before === undefined || after.epoch > before.epoch) return;
    const revoted = before.voted !== undefined && !sameReplica(before.voted, after.voted);
    if (after.epoch < before.epoch)
      throw new Violation('EpochMonotone', `${before.epoch} then ${after.epoch}`);
    if (revoted) throw new Violation('EpochMonotone', `the vote of epoch ${after.epoch} was changed`);
  }

  /** A message is on its way that says its sender is in `epoch`. */
  released(epoch: number, durable: ElectionState | undefined): void {
    if (epoch > (durable?.epoch ?? 0)) {
      throw new Violation('EpochMonotone', `a message of epoch ${epoch} left before it was on the disk`);
    }
  }

  appended(offset: number, { epoch, chain }: Entry): void {
    const key = `${offset}:${epoch}`;
    const known = this.chains.get(key);
    if (known === undefined) this.chains.set(key, chain);
    else if (known !== chain) throw new Violation('LogMatching', `two logs differ at ${key}`);
  }

  truncated(id: number, log: SimulatedLog, offset: number): void {
    for (let at = offset; at < log.endOffset; at += 1) {
      if (this.committed[at]?.entry.chain === log.entries[at]?.chain) {
        throw new Violation('HwMonotone', `${id} cuts offset ${at}, which is committed`);
      }
    }
  }

  /** The member's high watermark was at `from` before. */
  watermark(member: WatchedMember, from: number): void {
    const { id, state, log } = member;
    const { highWatermark, epoch } = state;
    if (state.role === 'leader') {
      this.justified(state.epochStartOffset, member);
      if (highWatermark < (this.watermarks.get(epoch) ?? 0)) {
        throw new Violation('HwMonotone', `back to ${highWatermark} in epoch ${epoch}`);
      }
      this.watermarks.set(epoch, highWatermark);
    }
    for (let offset = from; offset < highWatermark; offset += 1) {
      const entry = log.entries[offset];
      const known = this.committed[offset];
      if (entry === undefined)
        throw new Violation('CommittedPrefix', `${id} has committed ${offset} and has it not`);
      if (known === undefined) this.committed[offset] = { entry, epoch };
      else if (known.entry.chain !== entry.chain) {
        throw new Violation('CommittedPrefix', `${id} has committed another entry at ${offset}`);
      }
    }
  }

  private justified(epochStart: number, { state, log, voterLogs }: WatchedMember): void {
    const { highWatermark } = state;
    const { chain } = log.entries[highWatermark - 1] ?? { chain: -1 };
    const have = voterLogs.filter(
      (other) => other.flushedOffset >= highWatermark && other.entries[highWatermark - 1]?.chain === chain,
    );
    if (have.length < majorityOf(voterLogs.length)) {
      throw new Violation('HwJustified', `${highWatermark} is on the disks of ${have.length} voters`);
    }
    if (highWatermark <= epochStart) {
      throw new Violation(
        'HwJustified',
        `${highWatermark} is not beyond the start of the epoch, ${epochStart}`,
      );
    }
  }
}

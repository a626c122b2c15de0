/**
 * A leader, its followers and a controller in any order of events: fetches, lost answers, fences, lossy restarts. What
 * must hold is checked after every step against the controller's truth, which the leader hears of late.
 */
import fc from 'fast-check';
import { LeaderState, type ProposedIsr } from './leader-state.js';

const REPLICAS = [1, 2, 3];
const LEADER = 1;
const MIN_ISR = 2;
const LAG_MS = 100;
type Protocol = 'primary-backup' | 'quorum';

interface Step {
  readonly what: 'append' | 'fetch' | 'lose' | 'fence' | 'unfence' | 'decide' | 'tell' | 'time';
  readonly who: number;
  readonly much: number;
}

class World {
  nowMs = 0;
  watermark = 0;
  /** By broker. */
  readonly ends = [0, 0, 0, 0];
  readonly epochs = [0, 11, 12, 13];
  readonly fenced = new Set<number>();
  isr: readonly number[] = REPLICAS;
  partitionEpoch = 0;
  proposal: ProposedIsr | undefined;
  readonly state: LeaderState;

  constructor(private readonly protocol: Protocol) {
    const options = { localId: LEADER, protocol, epochStart: 0, minInsyncReplicas: MIN_ISR };
    this.state = new LeaderState(
      { ...options, lagTimeMaxMs: LAG_MS, silenceMaxMs: LAG_MS, nowMs: 0 },
      this.facts(),
    );
    this.tell();
  }

  run(step: Step): void {
    const follower = 2 + (step.who % 2);
    switch (step.what) {
      case 'append':
        this.ends[LEADER]! += 1 + step.much;
        break;
      case 'fetch':
        this.fetch(follower, step.much);
        break;
      case 'lose':
        // Registered anew, and so out of the set: it may have lost what it acknowledged.
        this.ends[follower] = Math.max(0, this.ends[follower]! - step.much);
        this.epochs[follower]! += 10;
        this.remove(follower);
        break;
      case 'fence':
        this.fenced.add(follower);
        if (this.protocol === 'primary-backup') this.remove(follower);
        break;
      case 'unfence':
        this.fenced.delete(follower);
        break;
      case 'decide':
        this.decide(step.much);
        break;
      case 'tell':
        this.tell();
        break;
      case 'time':
        this.nowMs += 10 * step.much;
        this.proposal ??= this.state.proposeAgain();
        break;
    }
    this.proposal ??= this.state.propose(this.watermark, this.ends[LEADER]!, this.nowMs);
    this.advance();
  }

  private fetch(id: number, much: number): void {
    this.state.follower(id)!.fetched(this.epochs[id]!, this.ends[id]!, this.ends[LEADER]!, this.nowMs);
    this.advance();
    this.ends[id] = Math.min(this.ends[LEADER]!, this.ends[id]! + much);
  }

  private remove(id: number): void {
    if (!this.isr.includes(id)) return;
    this.isr = this.isr.filter((member) => member !== id);
    this.partitionEpoch += 1;
  }

  private decide(much: number): void {
    const { proposal } = this;
    if (proposal === undefined) return;
    this.proposal = undefined;
    const { partitionEpoch, newIsr } = proposal;
    if (partitionEpoch !== this.partitionEpoch) {
      this.state.answered({ type: 'unknown' });
      return;
    }
    const bad = newIsr.some(
      ({ brokerId, brokerEpoch }) =>
        brokerId !== LEADER &&
        (this.fenced.has(brokerId) || (brokerEpoch !== -1 && brokerEpoch !== this.epochs[brokerId])),
    );
    if (bad) {
      this.state.answered({ type: 'refused' });
      return;
    }
    this.isr = newIsr.map(({ brokerId }) => brokerId);
    this.partitionEpoch += 1;
    const lost = much % 3 === 0;
    this.state.answered(lost ? { type: 'unknown' } : { type: 'accepted', ...this.facts() });
  }

  private tell(): void {
    this.state.follow(this.facts(), this.nowMs);
    for (const id of REPLICAS) this.state.register(id, this.fenced.has(id) ? -1 : this.epochs[id]!);
  }

  private facts() {
    const { isr, partitionEpoch } = this;
    return { replicas: REPLICAS, isr, partitionEpoch, sets: [REPLICAS] };
  }

  private advance(): void {
    const before = this.watermark;
    this.watermark = this.state.highWatermark(before, this.ends[LEADER]!, this.nowMs);
    must(this.watermark >= before, 'the watermark went back');
    if (this.watermark === before) return;
    if (this.protocol === 'quorum') {
      const have = REPLICAS.filter((id) => this.ends[id]! >= this.watermark);
      must(have.length >= 2, 'committed by no majority');
    } else must(this.state.isr.length >= MIN_ISR, 'committed with too few in sync');
  }

  /** StrongIsr: whoever the controller may elect has all that is committed. */
  check(): void {
    if (this.protocol === 'quorum') return;
    for (const id of this.isr)
      must(this.ends[id]! >= this.watermark, `${id} may be elected and lacks records`);
  }
}

function must(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}

/** Mostly what happens all the time, now and then what goes wrong. */
const WEIGHTS: readonly (readonly [Step['what'], number])[] = [
  ['append', 6],
  ['fetch', 20],
  ['decide', 6],
  ['tell', 6],
  ['time', 2],
  ['lose', 1],
  ['fence', 1],
  ['unfence', 2],
];
const steps = fc.array(
  fc.record({
    what: fc.oneof(...WEIGHTS.map(([what, weight]) => ({ arbitrary: fc.constant(what), weight }))),
    who: fc.nat(1),
    much: fc.nat(5),
  }),
  { minLength: 20, maxLength: 150, size: 'max' },
);

describe.each<Protocol>(['primary-backup', 'quorum'])('%s leader in any order of events', (protocol) => {
  it('commits nothing that the in-sync replicas or a majority lack, and never goes back', () => {
    let committed = 0;
    fc.assert(
      fc.property(steps, (run) => {
        const world = new World(protocol);
        for (const step of run) {
          world.run(step);
          world.check();
        }
        committed += world.watermark;
      }),
      { numRuns: 500 },
    );
    expect(committed).toBeGreaterThan(5_000);
  });
});

/**
 * What can go wrong in a simulated cluster, as data: a schedule is an array of these, generated from a seed before the
 * run begins, made smaller when a run fails, and kept as a file when it is a regression. Targets are numbers that are
 * resolved when the fault strikes (the leader of some partition *then*), so that any sub-array is a schedule.
 */
import fc from 'fast-check';
import { SeededRandom } from '../doors/seeded-random.js';

export const FAULT_KINDS = [
  'kill',
  'kill-leader',
  'kill-controller',
  'kill-all',
  'kill-in-disk-call',
  'lose-power',
  'lose-power-all',
  'shut-down',
  'stop',
  'stop-leader',
  'stop-controller',
  'isolate',
  'isolate-leader',
  'isolate-controller',
  'cut-pair',
  'deafen',
  'silence',
  'clog',
  'slow-disk',
  'full-disk',
  'failing-sync',
] as const;

/** Of several acts (`stories.ts`); each seed has some. */
export const STORY_KINDS = [
  'topple-leaders',
  'slow-election',
  'deafen-promised',
  'disturb-joining',
  'kill-while-behind',
  'lose-power-briefly',
  'lose-answers',
] as const;

/** Played only against the mutant that they are for. */
export const DIRECTED_KINDS = ['topple-controllers'] as const;

export type StoryKind = (typeof STORY_KINDS)[number] | (typeof DIRECTED_KINDS)[number];
export type FaultKind = (typeof FAULT_KINDS)[number] | StoryKind;

export interface Fault {
  /** Milliseconds after the load began. */
  readonly at: number;
  readonly kind: FaultKind;
  /** Which machine, or which partition's leader: any number, taken modulo how many there are. */
  readonly target: number;
  readonly durationMs: number;
  /** How much of it: milliseconds of delay, bytes left, calls until it strikes. */
  readonly amount: number;
}

export type Schedule = readonly Fault[];

/** How long faults may strike; load goes on a little longer. */
export const FAULTS_MS = 32_000;

const TARGETS = 60;
const STORIES = 4;

export const faultArbitrary: fc.Arbitrary<Fault> = fc.record({
  at: fc.integer({ min: 500, max: FAULTS_MS - 2_000 }),
  kind: fc.constantFrom(...FAULT_KINDS, ...STORY_KINDS, ...DIRECTED_KINDS),
  target: fc.nat({ max: TARGETS - 1 }),
  durationMs: fc.integer({ min: 100, max: 6_000 }),
  amount: fc.nat({ max: 1_000 }),
});

/** Generates and shrinks; the run sorts by time. */
export const scheduleArbitrary: fc.Arbitrary<Schedule> = fc.array(faultArbitrary, {
  minLength: 0,
  maxLength: 16,
  size: 'max',
});

/**
 * The schedule of a seed: at least a handful of faults, spread over the time there is. All its stories are of one kind when
 * that is given.
 */
export function scheduleOf(seed: number, told?: StoryKind): Schedule {
  const random = new SeededRandom(seed).fork('schedule');
  // Each seed prefers some kinds: a swarm finds more than an average.
  const liked = FAULT_KINDS.filter(() => random.chance(0.5));
  const kinds = liked.length > 2 ? liked : FAULT_KINDS;
  const faults: Fault[] = Array.from({ length: random.between(7, 11) }, () => ({
    at: random.between(500, FAULTS_MS - 2_000),
    kind: random.pick(kinds),
    target: random.below(TARGETS),
    durationMs: random.chance(0.3) ? random.between(100, 600) : random.between(600, 6_000),
    amount: random.below(1_001),
  }));
  for (let story = 0; story < STORIES; story += 1) {
    faults.push({
      at: random.between(500, FAULTS_MS - 6_000),
      kind: told ?? random.pick(STORY_KINDS),
      target: random.below(TARGETS),
      durationMs: random.between(3_500, 6_000),
      amount: random.below(1_001),
    });
  }
  return faults.sort((one, other) => one.at - other.at);
}

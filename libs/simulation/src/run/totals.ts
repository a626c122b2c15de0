/** What many runs came to: counts, rates and situations. Filled run by run, printed at the end. */
import { Coverage, SITUATIONS } from '../checkers/coverage.js';
import type { FaultKind } from '../faults/fault.js';
import type { SimulationResult } from './simulate.js';

export class Totals {
  readonly coverage = new Coverage();
  private readonly struck = new Map<FaultKind, number>();
  private readonly reasons = new Map<string, number>();
  private runs = 0;
  passed = 0;
  failed = 0;
  invalid = 0;
  private steps = 0;
  private virtualMs = 0;
  private acknowledged = 0;
  private bitten = 0;

  add(result: SimulationResult): void {
    this.runs += 1;
    this[result.outcome] += 1;
    this.steps += result.steps;
    this.virtualMs += result.virtualMs;
    this.acknowledged += result.acknowledged;
    this.bitten += result.bitten;
    this.coverage.add(result.coverage);
    for (const [kind, count] of result.struck) this.struck.set(kind, (this.struck.get(kind) ?? 0) + count);
    if (result.invariant !== undefined) {
      this.reasons.set(result.invariant, (this.reasons.get(result.invariant) ?? 0) + 1);
    }
  }

  lines(wallMs: number, cpuMs: number): readonly string[] {
    const { runs, coverage } = this;
    const each = (total: number): string => (total / Math.max(1, runs)).toFixed(0);
    const perMinute = (ms: number): string => (runs / (ms / 60_000)).toFixed(0);
    const reasons = [...this.reasons].map(([name, count]) => `${name} ${count}`).join(', ');
    return [
      `${runs} seeds: ${this.passed} passed, ${this.failed} failed${reasons === '' ? '' : ` (${reasons})`}, ${this.invalid} invalid`,
      `${perMinute(wallMs)} seeds a minute (${perMinute(cpuMs)} by CPU time); a seed: ${each(this.steps)} steps, ` +
        `${each(this.virtualMs)} virtual ms, ${each(this.acknowledged)} records acknowledged, ${each(this.bitten)} faults that bit`,
      `faults: ${[...this.struck]
        .sort()
        .map(([kind, count]) => `${kind} ${count}`)
        .join(', ')}`,
      ...SITUATIONS.map((situation) => `  ${String(coverage.count(situation)).padStart(8)}  ${situation}`),
    ];
  }
}

/**
 * The judgement where settings allow that acknowledged records are lost (an unclean election, power lost before a flush):
 * offsets are used again then, so that what clients saw meanwhile proves nothing. What counts is the log as it is in the
 * end: no value twice, all in the order in which they were sent, none that nobody sent, and what is missing is missing in
 * one piece for each fault, for a log may lose its end and nothing else. Pure.
 */
import type { Verdict } from './history-workload.js';

export interface LossyLog {
  readonly partition: number;
  /** What was acknowledged, in order. */
  readonly acknowledged: readonly number[];
  /** The log as it is now. */
  readonly values: readonly string[];
  /** Losses that there were, at most. */
  readonly lossesMax: number;
}

const DETAILS_MAX = 6;

export function lossyVerdict(logs: readonly LossyLog[], wrong: readonly string[]): Verdict {
  const verdicts = logs.map(verdictOf);
  const sum = (count: (verdict: Verdict) => number): number =>
    verdicts.reduce((total, verdict) => total + count(verdict), 0);
  return {
    acknowledged: sum(({ acknowledged }) => acknowledged),
    lost: sum(({ lost }) => lost),
    duplicated: sum(({ duplicated }) => duplicated),
    reordered: sum(({ reordered }) => reordered),
    other: sum(({ other }) => other) + wrong.length,
    details: [...wrong, ...verdicts.flatMap(({ details }) => details)].slice(0, DETAILS_MAX),
  };
}

function verdictOf({ partition, acknowledged, values, lossesMax }: LossyLog): Verdict {
  const details: string[] = [];
  const seen = new Set<number>();
  let last = -1;
  let [duplicated, reordered, other] = [0, 0, 0];
  for (const value of values) {
    const number = numberOf(partition, value);
    if (number === undefined) {
      other += 1;
      details.push(`partition ${partition}: '${value.slice(0, 20)}' was never sent`);
      continue;
    }
    if (seen.has(number)) {
      duplicated += 1;
      details.push(`partition ${partition}: ${number} is there twice`);
    } else if (number < last) {
      reordered += 1;
      details.push(`partition ${partition}: ${number} is behind ${last}`);
    }
    seen.add(number);
    last = Math.max(last, number);
  }
  const pieces = missingPieces(acknowledged, seen);
  if (pieces.length > lossesMax) {
    other += 1;
    details.push(`partition ${partition}: missing in ${pieces.length} pieces: ${pieces.join(' ')}`);
  }
  const lost = acknowledged.filter((number) => !seen.has(number)).length;
  return { acknowledged: acknowledged.length, lost, duplicated, reordered, other, details };
}

function numberOf(partition: number, value: string): number | undefined {
  const [, of, number] = /^(\d+):(\d+)\.*$/.exec(value) ?? [];
  return Number(of) === partition ? Number(number) : undefined;
}

/** Runs of acknowledged numbers that are not there. */
function missingPieces(acknowledged: readonly number[], seen: ReadonlySet<number>): string[] {
  const pieces: string[] = [];
  let from: number | undefined;
  let before = -1;
  for (const number of [...acknowledged, -1]) {
    const isMissing = number >= 0 && !seen.has(number);
    if (isMissing) from ??= number;
    else if (from !== undefined) {
      pieces.push(`${from}-${before}`);
      from = undefined;
    }
    before = number;
  }
  return pieces;
}

/**
 * What a show is: one of the things that the platform says of itself, done with real processes and measured, by name
 * (`npm run faults -- NAME`). Unlike a row of the matrix it needs no history of one topic: it brings its own proof.
 */
export interface ShowResult {
  /** In words, one line each. */
  readonly figures: readonly string[];
  /** What did not hold; nothing when all did. */
  readonly reasons: readonly string[];
  /** Why it shows nothing here: a fault that did not bite, or no room. */
  readonly invalid?: string;
}

export interface ShowOptions {
  /** As often, or as many, as asked for; the show's own number when absent. */
  readonly rounds: number | undefined;
  readonly say: (line: string) => void;
}

export interface Show {
  readonly name: string;
  readonly what: string;
  readonly mustHold: string;
  run(options: ShowOptions): Promise<ShowResult>;
}

/** Median and maximum, whole milliseconds. */
export function spreadOf(values: readonly number[]): string {
  const sorted = [...values].sort((one, other) => one - other);
  const [middle = 0, most = 0] = [sorted[Math.floor(sorted.length / 2)], sorted[sorted.length - 1]];
  return `${Math.round(middle)}/${Math.round(most)} ms`;
}

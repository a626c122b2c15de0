/** Something that must never happen did: the number of the invariant (docs/simulation.md), and what was seen. */
export type Invariant =
  | 'I1'
  | 'I2'
  | 'I3'
  | 'I4'
  | 'I5'
  | 'I6'
  | 'I7'
  | 'I8'
  | 'I9'
  | 'I10'
  | 'I11'
  | 'I13'
  | 'I14'
  | 'I17'
  | 'K1'
  | 'K2'
  | 'crash';

export class ViolationError extends Error {
  override readonly name = 'ViolationError';
  constructor(
    readonly invariant: Invariant,
    detail: string,
  ) {
    super(`${invariant}: ${detail}`);
  }
}

export function hold(condition: boolean, invariant: Invariant, detail: () => string): void {
  if (!condition) throw new ViolationError(invariant, detail());
}

/**
 * Situations that a run of many seeds must have been in, or its silence means nothing. Holds a count of each; nodes,
 * faults and invariants add to it.
 */
export const SITUATIONS = [
  'controller election',
  'leader election, primary-backup',
  'leader election, quorum',
  'leader election by a controller that is new',
  'truncation by diverging epoch',
  'in-sync set shrunk',
  'in-sync set expanded',
  'broker fenced',
  'eligible leader replica kept',
  'metadata snapshot written',
  'metadata snapshot installed',
  'restart after kill',
  'restart after power loss',
  'written data lost to a power loss',
  'restart in order',
  'duplicate answered from the sequence cache',
  'killed inside a disk call',
  'disk full',
  'sync failed',
  'bytes held up by a partition',
  'segment rolled',
  'group rebalanced',
  'leaders killed one after the other',
  'election in a slow network',
  'nothing heard after a promise',
  'disturbed while joining the in-sync set',
  'leader killed while a follower is behind',
  'power lost and back in a blink',
  'killed before answers arrived',
] as const;

export type Situation = (typeof SITUATIONS)[number];

export class Coverage {
  private readonly counts = new Map<Situation, number>(SITUATIONS.map((situation) => [situation, 0]));

  reached(situation: Situation, times = 1): void {
    this.counts.set(situation, (this.counts.get(situation) ?? 0) + times);
  }

  count(situation: Situation): number {
    return this.counts.get(situation) ?? 0;
  }

  add(other: Coverage): void {
    for (const [situation, count] of other.counts) this.reached(situation, count);
  }

  get missing(): readonly Situation[] {
    return SITUATIONS.filter((situation) => this.count(situation) === 0);
  }
}

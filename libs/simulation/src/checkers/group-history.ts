/**
 * What the members of one consumer group were given and committed, and whether a coordinator could have done so (I13).
 * Holds owners by generation and the highest offset whose commit was acknowledged. Filled by members as things happen.
 */
import { hold } from './violation.js';

export class GroupHistory {
  commits = 0;
  generations = 0;
  private highestGeneration = -1;
  /** By generation and partition, who was given it. */
  private readonly owners = new Map<string, string>();
  private readonly acknowledged = new Map<string, number>();

  /** What the coordinator gave a member. */
  assigned(generation: number, member: string, keys: readonly string[]): void {
    if (generation > this.highestGeneration) {
      this.highestGeneration = generation;
      this.generations += 1;
    }
    for (const key of keys) {
      const place = `${generation}/${key}`;
      const other = this.owners.get(place);
      hold(other === undefined || other === member, 'I13', () => {
        return `in generation ${generation} ${key} belongs to ${member} and to ${other ?? ''}`;
      });
      this.owners.set(place, member);
    }
  }

  committed(key: string, offset: number): void {
    this.commits += 1;
    this.acknowledged.set(key, Math.max(this.acknowledgedOf(key), offset));
  }

  acknowledgedOf(key: string): number {
    return this.acknowledged.get(key) ?? -1;
  }

  /** An answer to a question that was asked when `atLeast` was acknowledged already. */
  fetched(key: string, offset: number, atLeast: number): void {
    hold(
      offset >= atLeast,
      'I13',
      () => `${key}: ${atLeast} was committed, ${offset} is what the coordinator has`,
    );
  }
}

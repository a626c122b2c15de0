/**
 * One directory as a machine has it: the names that programs see and the names that a power loss leaves. Between two
 * syncs of the directory its changes are in order, and a power loss keeps the first few of them. Holds both maps and
 * the changes in between.
 */
import type { SeededRandom } from './seeded-random.js';
import type { StoredFile } from './stored-file.js';

export type Stored = StoredFile | StoredDirectory;

/** What one call did, all of it or nothing: names and what they stand for now. */
type Change = readonly (readonly [name: string, stored: Stored | undefined])[];

export class StoredDirectory {
  readonly kind = 'directory';
  names = new Map<string, Stored>();
  private durable = new Map<string, Stored>();
  private changes: Change[] = [];

  change(...change: Change): void {
    apply(this.names, change);
    this.changes.push(change);
  }

  sync(): void {
    for (const change of this.changes.splice(0)) apply(this.durable, change);
  }

  losePower(random: SeededRandom): void {
    const kept = random.chance(0.3) ? this.changes.length : random.below(this.changes.length + 1);
    for (const change of this.changes.slice(0, kept)) apply(this.durable, change);
    this.changes = [];
    this.names = new Map(this.durable);
    for (const stored of this.names.values()) stored.losePower(random);
  }
}

function apply(names: Map<string, Stored>, change: Change): void {
  for (const [name, stored] of change) {
    if (stored === undefined) names.delete(name);
    else names.set(name, stored);
  }
}

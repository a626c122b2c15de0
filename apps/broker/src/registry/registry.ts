/**
 * The registry as a live tree: what is below a path now, and a watch on how it changes. Holds the watchers and the
 * entries that they were told last; looks for changes while somebody watches and does nothing otherwise. Asked by
 * `registry-http.ts`.
 *
 * What must hold: a watcher hears of each path in the order added, changed..., removed; what changes and changes back
 * between two looks is not told.
 */
import type { Clock, Timer } from '@tidemark/platform';
import type { MetadataImage } from '../controller/metadata-image.js';
import type { GroupPartition } from '../groups/group-partition.js';
import { groupEntries, metadataEntries, type GroupView, type RegistryEntries } from './registry-entries.js';

export interface RegistryOptions {
  readonly clock: Clock;
  readonly image: () => MetadataImage;
  /** -1 while there is none. */
  readonly controllerId: () => number;
  /** The groups that this broker coordinates; the rest of them is with its peers. */
  readonly groups: () => Iterable<Pick<GroupPartition, 'groupIds' | 'groupOf' | 'recordsOf'>>;
}

export interface RegistryChange {
  readonly type: 'added' | 'changed' | 'removed';
  readonly path: string;
  /** JSON text; of a removed path what it was last. */
  readonly value: string;
}

interface Watcher {
  readonly root: string;
  readonly tell: (changes: readonly RegistryChange[]) => void;
}

/** How soon a change is told at the latest. */
const LOOK_EVERY_MS = 100;

export class Registry {
  readonly #watchers = new Set<Watcher>();
  #entries: RegistryEntries = new Map();
  #timer: Timer | undefined;

  constructor(private readonly options: RegistryOptions) {}

  get watchers(): number {
    return this.#watchers.size;
  }

  /** What is at the path and below it, by path. */
  read(root: string): [string, string][] {
    return [...this.#look()].filter(([path]) => isBelow(path, root)).sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /** Tells first what is there, then what changes, until the answered function is called. */
  watch(root: string, tell: Watcher['tell']): () => void {
    // Others hear first what this look would otherwise take from them.
    if (this.#watchers.size > 0) this.#tellChanges();
    else this.#entries = this.#look();
    const watcher: Watcher = { root, tell };
    this.#watchers.add(watcher);
    tell(changesOf(new Map(), this.#entries, root));
    this.#schedule();
    return () => {
      this.#watchers.delete(watcher);
      if (this.#watchers.size === 0) this.#timer?.cancel();
    };
  }

  close(): void {
    this.#watchers.clear();
    this.#timer?.cancel();
  }

  #schedule(): void {
    this.#timer?.cancel();
    this.#timer = this.options.clock.setTimer(LOOK_EVERY_MS, () => {
      this.#tellChanges();
      if (this.#watchers.size > 0) this.#schedule();
    });
  }

  #tellChanges(): void {
    const before = this.#entries;
    this.#entries = this.#look();
    for (const { root, tell } of [...this.#watchers]) {
      const changes = changesOf(before, this.#entries, root);
      if (changes.length > 0) tell(changes);
    }
  }

  #look(): RegistryEntries {
    const { image, controllerId } = this.options;
    const entries = metadataEntries(image(), controllerId());
    for (const [path, value] of groupEntries(this.#groups())) entries.set(path, value);
    return entries;
  }

  *#groups(): Generator<GroupView> {
    for (const partition of this.options.groups()) {
      for (const groupId of partition.groupIds()) {
        yield { groupId, group: partition.groupOf(groupId), records: partition.recordsOf(groupId) };
      }
    }
  }
}

const isBelow = (path: string, root: string): boolean =>
  root === '/' || path === root || path.startsWith(`${root}/`);

export function changesOf(before: RegistryEntries, after: RegistryEntries, root: string): RegistryChange[] {
  const changes: RegistryChange[] = [];
  for (const [path, value] of before) {
    if (!after.has(path) && isBelow(path, root)) changes.push({ type: 'removed', path, value });
  }
  for (const [path, value] of after) {
    const old = before.get(path);
    if (old === value || !isBelow(path, root)) continue;
    changes.push({ type: old === undefined ? 'added' : 'changed', path, value });
  }
  return changes;
}

/**
 * One registry of several brokers' views. Brokers and topics every broker knows; a group only its coordinator does.
 * Holds each broker's entries; answers what a change of one of them changes for the reader. What a lost broker said of
 * groups counts until another broker says something of the group: offsets are not gone because a broker is. Pure.
 */

/** JSON text by path. */
type Entries = Map<string, string>;

export interface MergedChange {
  readonly type: 'added' | 'changed' | 'removed';
  readonly path: string;
  readonly value: string;
}

const groupOf = (path: string): string | undefined => /^\/consumers\/[^/]+/.exec(path)?.[0];
/** What ends with its owner's life cannot outlive the broker that said it. */
const isKept = (path: string): boolean => /^\/consumers\/[^/]+\/offsets\//.test(path);

export class MergedRegistry {
  readonly #sources = new Map<number, Entries>();
  readonly #kept: Entries = new Map();
  #merged: Entries = new Map();

  get entries(): ReadonlyMap<string, string> {
    return this.#merged;
  }

  /** `value` undefined: removed. */
  set(brokerId: number, path: string, value: string | undefined): void {
    let source = this.#sources.get(brokerId);
    if (source === undefined) this.#sources.set(brokerId, (source = new Map<string, string>()));
    if (value === undefined) source.delete(path);
    else source.set(path, value);
    const group = groupOf(path);
    if (group === undefined) return;
    for (const kept of [...this.#kept.keys()]) if (groupOf(kept) === group) this.#kept.delete(kept);
  }

  /** The broker cannot be heard any more. */
  lose(brokerId: number): void {
    for (const [path, value] of this.#sources.get(brokerId) ?? [])
      if (isKept(path)) this.#kept.set(path, value);
    this.#sources.delete(brokerId);
  }

  /** What has changed since the last call. */
  changes(): MergedChange[] {
    const before = this.#merged;
    const after: Entries = new Map(this.#kept);
    // The lowest id that knows a path wins, so the last to be put in.
    for (const id of [...this.#sources.keys()].sort((a, b) => b - a)) {
      for (const [path, value] of this.#sources.get(id) ?? []) after.set(path, value);
    }
    this.#merged = after;
    const changes: MergedChange[] = [];
    for (const [path, value] of before) if (!after.has(path)) changes.push({ type: 'removed', path, value });
    for (const [path, value] of after) {
      const old = before.get(path);
      if (old !== value) changes.push({ type: old === undefined ? 'added' : 'changed', path, value });
    }
    return changes.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  }
}

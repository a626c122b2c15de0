/**
 * Commands that a shard has not decided yet: first in, first out for each key, and the keys take turns, so that one
 * busy aggregate cannot starve the others. A key whose decision is being appended is *held*: its next command must
 * see the outcome first. Holds no timers and calls nobody; `shard.ts` is its only user.
 */
import { assert } from '@tidemark/platform';

interface Line<Item> {
  items: Item[];
  /** Index of the first item not taken; the array is cut now and then instead of at every step. */
  head: number;
  held: boolean;
}

const CUT_AT = 64;

export class CommandQueue<Item> {
  readonly #lines = new Map<string, Line<Item>>();
  /** Keys that have an item and are not held, in the order of their turns. A Set keeps insertion order. */
  readonly #ready = new Set<string>();
  #size = 0;

  /** Items waiting, those of held keys included. */
  get size(): number {
    return this.#size;
  }

  push(key: string, item: Item): void {
    let line = this.#lines.get(key);
    if (line === undefined) {
      line = { items: [], head: 0, held: false };
      this.#lines.set(key, line);
    }
    line.items.push(item);
    this.#size += 1;
    if (!line.held) this.#ready.add(key);
  }

  /** Takes the next item whose key is not held; its key goes to the end of the row. */
  take(): { key: string; item: Item } | undefined {
    const key = this.#ready.values().next().value;
    if (key === undefined) return undefined;
    const line = this.#lines.get(key);
    assert(line !== undefined && line.head < line.items.length, 'a ready key has an item');
    const item = line.items[line.head] as Item;
    line.head += 1;
    this.#size -= 1;
    this.#ready.delete(key);
    if (line.head === line.items.length) this.#lines.delete(key);
    else this.#ready.add(key);
    if (line.head >= CUT_AT) {
      line.items = line.items.slice(line.head);
      line.head = 0;
    }
    return { key, item };
  }

  /** No item of this key is handed out until `release`. */
  hold(key: string): void {
    let line = this.#lines.get(key);
    if (line === undefined) {
      line = { items: [], head: 0, held: false };
      this.#lines.set(key, line);
    }
    assert(!line.held, 'a key is held by one decision at a time');
    line.held = true;
    this.#ready.delete(key);
  }

  release(key: string): void {
    const line = this.#lines.get(key);
    assert(line?.held === true, 'only a held key can be released');
    line.held = false;
    if (line.head < line.items.length) this.#ready.add(key);
    else this.#lines.delete(key);
  }

  /** Empties the queue; keys that are held stay so until they are released. */
  takeAll(): Item[] {
    const items: Item[] = [];
    for (const [key, line] of this.#lines) {
      items.push(...line.items.splice(0).slice(line.head));
      line.head = 0;
      if (!line.held) this.#lines.delete(key);
    }
    this.#ready.clear();
    this.#size = 0;
    return items;
  }

  /** Empties the queue and forgets what was held. */
  drain(): Item[] {
    const items: Item[] = [];
    for (const line of this.#lines.values()) items.push(...line.items.slice(line.head));
    this.#lines.clear();
    this.#ready.clear();
    this.#size = 0;
    return items;
  }
}

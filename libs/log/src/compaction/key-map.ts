/**
 * The last offset of each key, in memory that is bounded whatever the keys are: 16 bytes of hash and 8 of offset a
 * key, open addressing. What does not fit any more is left to another pass. One for a run of compaction, which fills it
 * from the records that were not compacted before. Source: Kafka's `SkimpyOffsetMap`.
 *
 * What must hold: two keys with the same 128 bits would be one key here, so the hash is seeded at random.
 */
import { hashKey, keyHash } from './key-hash.js';

const ENTRY_BYTES = 24;
const LOAD_MAX = 0.75;
const SLOTS_MIN = 64;
const EMPTY = -1;

export class KeyMap {
  private readonly slots: number;
  private readonly hashes: Int32Array;
  private readonly offsets: Float64Array;
  private size = 0;
  /** Keys that fit. */
  readonly capacity: number;

  constructor(
    memoryBytes: number,
    private readonly seed: number,
  ) {
    this.slots = Math.max(SLOTS_MIN, Math.floor(memoryBytes / ENTRY_BYTES));
    this.capacity = Math.floor(this.slots * LOAD_MAX);
    this.hashes = new Int32Array(this.slots * 4);
    this.offsets = new Float64Array(this.slots).fill(EMPTY);
  }

  get count(): number {
    return this.size;
  }

  clear(): void {
    this.size = 0;
    this.offsets.fill(EMPTY);
  }

  /** Whether so many keys fit besides those that are there, should they all be new. */
  hasRoomFor(keys: number): boolean {
    return this.size + keys <= this.capacity;
  }

  /** The key in `bytes[start, start + length)` was last seen at `offset`, which is higher than any before. */
  put(bytes: Uint8Array, start: number, length: number, offset: number): void {
    const slot = this.slotOf(bytes, start, length);
    if (this.offsets[slot] === EMPTY) {
      this.size += 1;
      this.hashes.set(keyHash, slot * 4);
    }
    this.offsets[slot] = offset;
  }

  /** -1 when the key was not seen. */
  get(bytes: Uint8Array, start: number, length: number): number {
    return this.offsets[this.slotOf(bytes, start, length)] ?? EMPTY;
  }

  /** Where the key is, or would go; its hash is in `keyHash`. */
  private slotOf(bytes: Uint8Array, start: number, length: number): number {
    hashKey(bytes, start, length, this.seed);
    const [a = 0, b = 0, c = 0, d = 0] = keyHash;
    const { hashes, offsets } = this;
    let slot = (a >>> 0) % this.slots;
    while (offsets[slot] !== EMPTY) {
      const at = slot * 4;
      if (hashes[at] === a && hashes[at + 1] === b && hashes[at + 2] === c && hashes[at + 3] === d) break;
      slot = slot + 1 === this.slots ? 0 : slot + 1;
    }
    return slot;
  }
}

/**
 * The memory of all tail rings of a broker together: a budget that rings draw from, and the rings that hold some.
 * When it runs short, the ring unused for longest gives its memory up (its log is still on disk).
 */

/** A holder of memory that can give it up. */
export interface Evictable {
  /** Grows with use; the smallest goes first. */
  readonly lastUse: number;
  readonly heldBytes: number;
  /** False while it holds bytes that are nowhere else. */
  evict(): boolean;
}

export class TailMemory {
  private readonly holders = new Set<Evictable>();
  private used = 0;
  private uses = 0;

  constructor(
    private readonly bytesMax: number,
    /** The most that one ring may take. */
    readonly ringBytesMax: number,
  ) {}

  get usedBytes(): number {
    return this.used;
  }

  touch(): number {
    this.uses += 1;
    return this.uses;
  }

  /**
   * Takes `bytes` for `holder` when the budget has them. What is `necessary` is given in any case, at the cost of the
   * rings unused for longest, since a log that is written to must stage somewhere.
   */
  take(holder: Evictable, bytes: number, necessary: boolean): boolean {
    while (this.used + bytes > this.bytesMax) {
      if (!necessary) return false;
      if (!this.evictOldest(holder)) break;
    }
    this.used += bytes;
    this.holders.add(holder);
    return true;
  }

  give(holder: Evictable, bytes: number): void {
    this.used -= bytes;
    this.holders.delete(holder);
  }

  /** Frees rings that nobody has used since `use` (a number that `touch` gave). */
  evictUnusedSince(use: number): void {
    for (const holder of this.holders) if (holder.lastUse <= use) holder.evict();
  }

  private evictOldest(except: Evictable): boolean {
    const others = [...this.holders].filter((holder) => holder !== except);
    others.sort((one, other) => one.lastUse - other.lastUse);
    return others.some((holder) => holder.evict());
  }
}

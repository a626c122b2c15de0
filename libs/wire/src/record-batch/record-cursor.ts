/**
 * Walks over the records of a batch where they lie, telling where each key, value and header list is instead of
 * making objects of them. One cursor serves any number of batches. Used by validation, time look-up, replay and
 * compaction; `records.ts` makes objects on top of it for those who want them.
 *
 * What must hold: malformed bytes end the walk (`isMalformed`), and nothing outside of the range is ever read.
 */

const RANGE = new Uint8Array(0);

export class RecordCursor {
  timestampDelta = 0;
  offsetDelta = 0;
  /** What follows the timestamp delta: the record's bytes from here on do not depend on the batch's base time. */
  offsetDeltaStart = 0;
  /** -1: the record has no key. */
  keyLength = -1;
  keyStart = 0;
  /** -1: the record has no value (a tombstone). */
  valueLength = -1;
  valueStart = 0;
  headersCount = 0;
  headersStart = 0;
  private broken = false;
  private bytes: Uint8Array = RANGE;
  private at = 0;
  private end = 0;
  /** Where the record that the fields describe ends, and the next begins. */
  private recordEnd = 0;

  /** `bytes[start, end)` is the records part of a batch, decompressed. */
  reset(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.at = start;
    this.recordEnd = start;
    this.end = end;
    this.broken = false;
  }

  /** Where the record that the fields describe ends, and the next begins. */
  get position(): number {
    return this.recordEnd;
  }

  /** Whether the walk ended because of bytes that are no record. */
  isMalformed(): boolean {
    return this.broken;
  }

  /** Whether the walk has used up its range exactly. */
  isAtEnd(): boolean {
    return !this.broken && this.recordEnd === this.end;
  }

  /** Steps to the next record; false at the end and at bytes that are no record. */
  next(): boolean {
    this.at = this.recordEnd;
    if (this.isMalformed() || this.at >= this.end) return false;
    const length = this.varint(this.end);
    const recordEnd = this.at + length;
    if (this.isMalformed() || length < 6 || recordEnd > this.end) return this.stop();
    this.at += 1; // attributes, unused
    this.timestampDelta = this.varint(recordEnd);
    this.offsetDeltaStart = this.at;
    this.offsetDelta = this.varint(recordEnd);
    this.keyLength = this.varint(recordEnd);
    this.keyStart = this.at;
    this.at += Math.max(this.keyLength, 0);
    this.valueLength = this.varint(recordEnd);
    this.valueStart = this.at;
    this.at += Math.max(this.valueLength, 0);
    this.headersCount = this.varint(recordEnd);
    this.headersStart = this.at;
    if (this.isMalformed() || this.keyLength < -1 || this.valueLength < -1) return this.stop();
    if (!this.headersFill(recordEnd)) return this.stop();
    this.recordEnd = recordEnd;
    return true;
  }

  /** Calls `take` with the position and length of each header's key and value (-1: null) of this record. */
  eachHeader(
    take: (keyStart: number, keyLength: number, valueStart: number, valueLength: number) => void,
  ): void {
    this.at = this.headersStart;
    for (let index = 0; index < this.headersCount; index += 1) {
      const keyLength = this.varint(this.recordEnd);
      const keyStart = this.at;
      this.at += keyLength;
      const valueLength = this.varint(this.recordEnd);
      const valueStart = this.at;
      this.at += Math.max(valueLength, 0);
      take(keyStart, keyLength, valueStart, valueLength);
    }
  }

  private headersFill(recordEnd: number): boolean {
    // Each header takes two bytes at the least, so a lying count is found before it costs anything.
    if (this.headersCount < 0 || this.headersCount * 2 > recordEnd - this.at) return false;
    for (let index = 0; index < this.headersCount; index += 1) {
      const keyLength = this.varint(recordEnd);
      if (keyLength < 0) return false;
      this.at += keyLength;
      const valueLength = this.varint(recordEnd);
      this.at += Math.max(valueLength, 0);
      if (this.isMalformed()) return false;
    }
    return this.at === recordEnd;
  }

  /** Zig-zag, up to 64 bits: exact below 2^53. The walk is broken when it does not end before `limit`. */
  private varint(limit: number): number {
    let at = this.at;
    if (at >= limit) return this.breakOff();
    const first = this.bytes[at] ?? 0;
    at += 1;
    if (first < 0x80) {
      this.at = at;
      return (first >>> 1) ^ -(first & 1);
    }
    let half = (first & 0x7f) >>> 1;
    for (let scale = 64; ; scale *= 128) {
      // 2^69 is past the tenth byte: no varint is longer.
      if (at >= limit || scale > 2 ** 62) return this.breakOff();
      const byte = this.bytes[at] ?? 0;
      at += 1;
      half += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
    }
    this.at = at;
    return (first & 1) === 1 ? -half - 1 : half;
  }

  private breakOff(): number {
    this.broken = true;
    return 0;
  }

  private stop(): false {
    this.broken = true;
    return false;
  }
}

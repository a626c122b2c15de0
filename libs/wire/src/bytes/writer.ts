/**
 * Writes Kafka's primitive types into one growing buffer, which is kept between messages (`reset`). Large blocks may
 * be remembered as references instead of copied (`referenceBytesMin`), so that a fetch answer goes to the socket as a
 * list of views. A value that the layout cannot hold throws `WireError`; a message beyond `bytesMax` too. Called by the
 * schema codecs, the hot codecs, headers and frames.
 *
 * What must hold: `position` counts bytes in the own buffer, `byteLength` also the referenced ones; patches are made
 * by buffer position, which references do not move; after a throw half a value may stand there (`rewind`). Any method may replace the buffer: room is made first, and only
 * then `target` or `numbers` is looked at.
 */
import { setInt64 } from './int64.js';
import { uuidToBytes } from './uuid.js';
import { WireError } from './wire-error.js';

const STRING_LENGTH_MAX = 0x7fff;
const SHORT_TEXT = 42;

export interface ByteWriterOptions {
  /** First size of the buffer, bytes. */
  readonly initialBytes?: number;
  /** Largest size of the buffer, bytes. */
  readonly bytesMax?: number;
  /** Blocks of at least so many bytes are referenced, not copied; the giver must leave them alone until sent. */
  readonly referenceBytesMin?: number;
}

interface Reference {
  readonly at: number;
  readonly view: Uint8Array;
}

export class ByteWriter {
  /** Next byte to write in the own buffer. */
  position = 0;
  private target: Buffer;
  private numbers: DataView;
  private readonly bytesMax: number;
  /** Of the blocks to come. */
  referenceBytesMin: number;
  private readonly references: Reference[] = [];
  private referencedBytes = 0;

  constructor(options: ByteWriterOptions = {}) {
    this.target = Buffer.allocUnsafeSlow(options.initialBytes ?? 1024);
    this.numbers = new DataView(this.target.buffer);
    this.bytesMax = options.bytesMax ?? 0x7fffffff;
    this.referenceBytesMin = options.referenceBytesMin ?? Infinity;
  }

  /** Forgets what was written and keeps the buffer. */
  reset(): void {
    this.position = 0;
    this.references.length = 0;
    this.referencedBytes = 0;
  }

  /** Drops what was written since `mark` (a `position` and `byteLength` of this writer). */
  rewind(mark: { readonly position: number; readonly byteLength: number }): void {
    const referencedBytes = mark.byteLength - mark.position;
    let kept = this.references.length;
    while (this.referencedBytes > referencedBytes) {
      kept -= 1;
      this.referencedBytes -= this.references[kept]?.view.length ?? 0;
    }
    this.references.length = kept;
    this.position = mark.position;
  }

  /** All bytes written so far, referenced ones included. */
  get byteLength(): number {
    return this.position + this.referencedBytes;
  }

  get holdsReferences(): boolean {
    return this.references.length > 0;
  }

  /** A view of what was written, valid until the next write or reset. Not for writers that hold references. */
  written(): Buffer {
    if (this.references.length > 0) throw new WireError('the writer holds references: take its chunks');
    return this.target.subarray(0, this.position);
  }

  /** What was written, references in their places, as views in wire order. */
  chunks(): Uint8Array[] {
    const chunks: Uint8Array[] = [];
    let from = 0;
    for (const { at, view } of this.references) {
      if (at > from) chunks.push(this.target.subarray(from, at));
      chunks.push(view);
      from = at;
    }
    if (this.position > from) chunks.push(this.target.subarray(from, this.position));
    return chunks;
  }

  /** A copy of everything written, as one buffer. */
  copy(): Buffer {
    return Buffer.concat(this.chunks(), this.byteLength);
  }

  int8(value: number): void {
    const at = this.room(1);
    this.numbers.setInt8(at, value);
  }

  bool(value: boolean): void {
    const at = this.room(1);
    this.numbers.setInt8(at, value ? 1 : 0);
  }

  int16(value: number): void {
    const at = this.room(2);
    this.numbers.setInt16(at, value);
  }

  uint16(value: number): void {
    const at = this.room(2);
    this.numbers.setUint16(at, value);
  }

  int32(value: number): void {
    const at = this.room(4);
    this.numbers.setInt32(at, value);
  }

  uint32(value: number): void {
    const at = this.room(4);
    this.numbers.setUint32(at, value);
  }

  /** Exact for safe integers; from 2^63 on the largest 64-bit integer is written, likewise the smallest. */
  int64(value: number): void {
    const at = this.room(8);
    setInt64(this.numbers, at, value);
  }

  float64(value: number): void {
    const at = this.room(8);
    this.numbers.setFloat64(at, value);
  }

  uuid(value: string): void {
    const at = this.room(16);
    uuidToBytes(value, this.numbers, at);
  }

  unsignedVarint(value: number): void {
    let rest = value >>> 0;
    if (rest < 0x80) {
      const at = this.room(1);
      this.target[at] = rest;
      return;
    }
    this.ensure(5);
    while (rest >= 0x80) {
      this.target[this.position++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.target[this.position++] = rest;
  }

  /** Zig-zag, 32 bits. */
  varint(value: number): void {
    this.unsignedVarint((value << 1) ^ (value >> 31));
  }

  /** Zig-zag, 64 bits; `value` is a safe integer. */
  varlong(value: number): void {
    this.ensure(10);
    const magnitude = value < 0 ? -value - 1 : value;
    let group = (magnitude % 64) * 2 + (value < 0 ? 1 : 0);
    let rest = Math.floor(magnitude / 64);
    while (rest > 0) {
      this.target[this.position++] = group | 0x80;
      group = rest % 128;
      rest = Math.floor(rest / 128);
    }
    this.target[this.position++] = group;
  }

  string(value: string): void {
    const at = this.room(2);
    const size = this.text(value);
    this.numbers.setInt16(at, size);
  }

  nullableString(value: string | null): void {
    if (value === null) this.int16(-1);
    else this.string(value);
  }

  compactString(value: string): void {
    if (value.length < SHORT_TEXT) {
      const at = this.room(1);
      const size = this.text(value);
      this.target[at] = size + 1;
      return;
    }
    this.unsignedVarint(Buffer.byteLength(value) + 1);
    this.text(value);
  }

  compactNullableString(value: string | null): void {
    if (value === null) this.unsignedVarint(0);
    else this.compactString(value);
  }

  bytes(value: Uint8Array): void {
    this.int32(value.length);
    this.raw(value);
  }

  nullableBytes(value: Uint8Array | null): void {
    if (value === null) this.int32(-1);
    else this.bytes(value);
  }

  compactBytes(value: Uint8Array): void {
    this.unsignedVarint(value.length + 1);
    this.raw(value);
  }

  compactNullableBytes(value: Uint8Array | null): void {
    if (value === null) this.unsignedVarint(0);
    else this.compactBytes(value);
  }

  records(value: Uint8Array | null): void {
    if (value === null) {
      this.int32(-1);
      return;
    }
    this.int32(value.length);
    this.block(value);
  }

  compactRecords(value: Uint8Array | null): void {
    if (value === null) {
      this.unsignedVarint(0);
      return;
    }
    this.unsignedVarint(value.length + 1);
    this.block(value);
  }

  /** The count of an array; -1 for null. */
  arrayLength(count: number): void {
    this.int32(count);
  }

  compactArrayLength(count: number): void {
    this.unsignedVarint(count + 1);
  }

  /** Copies `value` without a length. */
  raw(value: Uint8Array): void {
    const at = this.room(value.length);
    this.target.set(value, at);
  }

  /** Appends `value` without a length, by reference when it is large enough. */
  block(value: Uint8Array): void {
    if (value.length < this.referenceBytesMin) {
      this.raw(value);
      return;
    }
    if (this.byteLength + value.length > this.bytesMax) this.tooLong();
    this.references.push({ at: this.position, view: value });
    this.referencedBytes += value.length;
  }

  /** Makes `length` bytes to be filled in later and returns their position. */
  reserve(length: number): number {
    return this.room(length);
  }

  /** The own buffer, for filling in what was reserved; any other call may replace it. */
  get view(): DataView {
    return this.numbers;
  }

  patchInt32(at: number, value: number): void {
    this.numbers.setInt32(at, value);
  }

  /** Ends a block that began at buffer position `start`: its size is put in front of it as an unsigned varint. */
  endSized(start: number): void {
    const size = this.position - start;
    this.unsignedVarint(size);
    const width = this.position - start - size;
    const prefix = this.target.subarray(start + size, this.position);
    const [a = 0, b = 0, c = 0, d = 0, e = 0] = prefix;
    this.target.copyWithin(start + width, start, start + size);
    [a, b, c, d, e].slice(0, width).forEach((byte, i) => (this.target[start + i] = byte));
  }

  private text(value: string): number {
    const length = value.length;
    this.ensure(length * 3);
    const start = this.position;
    if (length < SHORT_TEXT) {
      let i = 0;
      for (; i < length; i += 1) {
        const code = value.charCodeAt(i);
        if (code >= 0x80) break;
        this.target[start + i] = code;
      }
      if (i === length) {
        this.position = start + length;
        return length;
      }
    }
    const size = this.target.write(value, start, 'utf8');
    if (size > STRING_LENGTH_MAX) throw new WireError(`string of ${size} bytes`);
    this.position = start + size;
    return size;
  }

  private room(length: number): number {
    const at = this.position;
    if (at + length > this.target.length) this.ensure(length);
    this.position = at + length;
    return at;
  }

  private ensure(length: number): void {
    const needed = this.position + length;
    if (needed <= this.target.length) return;
    if (needed + this.referencedBytes > this.bytesMax) this.tooLong();
    const larger = Buffer.allocUnsafeSlow(Math.min(Math.max(needed, this.target.length * 2), this.bytesMax));
    this.target.copy(larger, 0, 0, this.position);
    this.target = larger;
    this.numbers = new DataView(larger.buffer);
  }

  private tooLong(): never {
    throw new WireError(`message longer than ${this.bytesMax} bytes`);
  }
}

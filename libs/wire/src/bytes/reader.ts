/**
 * Reads Kafka's primitive types from received bytes, front to back. Holds a position and an end; reads past the end,
 * impossible lengths and nulls where none may be throw `WireError`, and every length is compared with the bytes that
 * remain before anything of that size is made. One reader may serve many frames (`reset`). Called by the schema
 * codecs, the hot codecs, the headers and whoever reads records.
 *
 * `records` and `view` return views into the source (no copy): they die with the receive buffer. `bytes` copies.
 */
import { getInt64 } from './int64.js';
import { textOf } from './text-cache.js';
import { uuidFromBytes } from './uuid.js';
import { WireError } from './wire-error.js';

const STRING_LENGTH_MAX = 0x7fff;

export class ByteReader {
  /** Next byte to read, an index into the source. */
  position = 0;
  /** Array elements that one message may have; lower it for messages of strangers before `reset`. */
  elementsMax = 0x3fffffff;
  private elementsLeft = this.elementsMax;
  private source: Buffer = Buffer.alloc(0);
  private numbers: DataView = new DataView(this.source.buffer, 0, 0);
  private limit = 0;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.reset(bytes, start, end);
  }

  /** Points the reader at [start, end) of `bytes`; costs nothing when `bytes` is the same object as before. */
  reset(bytes: Uint8Array, start = 0, end = bytes.length): void {
    if (bytes !== this.source) {
      this.source = asBuffer(bytes);
      this.numbers = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    if (start < 0 || end > bytes.length || start > end) throw new WireError('range outside of the bytes');
    this.position = start;
    this.limit = end;
    this.elementsLeft = this.elementsMax;
  }

  get end(): number {
    return this.limit;
  }

  get remaining(): number {
    return this.limit - this.position;
  }

  int8(): number {
    return this.numbers.getInt8(this.take(1));
  }

  bool(): boolean {
    return this.numbers.getInt8(this.take(1)) !== 0;
  }

  int16(): number {
    return this.numbers.getInt16(this.take(2));
  }

  uint16(): number {
    return this.numbers.getUint16(this.take(2));
  }

  int32(): number {
    return this.numbers.getInt32(this.take(4));
  }

  uint32(): number {
    return this.numbers.getUint32(this.take(4));
  }

  /** A 64-bit integer as a number: exact below 2^53, rounded beyond. */
  int64(): number {
    return getInt64(this.numbers, this.take(8));
  }

  float64(): number {
    return this.numbers.getFloat64(this.take(8));
  }

  uuid(): string {
    return uuidFromBytes(this.numbers, this.take(16));
  }

  /** At most 5 bytes, 32 bits; bits beyond are an error. */
  unsignedVarint(): number {
    const first = this.source[this.take(1)] ?? 0;
    if (first < 0x80) return first;
    let value = first & 0x7f;
    for (let shift = 7; shift < 28; shift += 7) {
      const byte = this.source[this.take(1)] ?? 0;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    const last = this.source[this.take(1)] ?? 0;
    if (last > 0x0f) throw new WireError('varint longer than 32 bits');
    return (value | (last << 28)) >>> 0;
  }

  /** Zig-zag, 32 bits. */
  varint(): number {
    const value = this.unsignedVarint();
    return (value >>> 1) ^ -(value & 1);
  }

  /** Zig-zag, 64 bits, at most 10 bytes; exact below 2^53, rounded beyond. */
  varlong(): number {
    const first = this.source[this.take(1)] ?? 0;
    const negative = (first & 1) === 1;
    let half = (first & 0x7f) >>> 1;
    let more = first >= 0x80;
    for (let scale = 64, count = 1; more; scale *= 128, count += 1) {
      const byte = this.source[this.take(1)] ?? 0;
      if (count === 9 && byte > 1) throw new WireError('varlong longer than 64 bits');
      half += (byte & 0x7f) * scale;
      more = byte >= 0x80;
    }
    return negative ? -half - 1 : half;
  }

  string(): string {
    return this.text(this.int16()) ?? unexpectedNull();
  }

  nullableString(): string | null {
    return this.text(this.int16());
  }

  compactString(): string {
    return this.text(this.unsignedVarint() - 1) ?? unexpectedNull();
  }

  compactNullableString(): string | null {
    return this.text(this.unsignedVarint() - 1);
  }

  /** A copy, which outlives the receive buffer. */
  bytes(): Uint8Array {
    return copyOf(this.block(this.int32()) ?? unexpectedNull());
  }

  nullableBytes(): Uint8Array | null {
    const view = this.block(this.int32());
    return view === null ? null : copyOf(view);
  }

  compactBytes(): Uint8Array {
    return copyOf(this.block(this.unsignedVarint() - 1) ?? unexpectedNull());
  }

  compactNullableBytes(): Uint8Array | null {
    const view = this.block(this.unsignedVarint() - 1);
    return view === null ? null : copyOf(view);
  }

  /** A view into the source. */
  records(): Uint8Array | null {
    return this.block(this.int32());
  }

  /** A view into the source. */
  compactRecords(): Uint8Array | null {
    return this.block(this.unsignedVarint() - 1);
  }

  /** The next `length` bytes as a view into the source. */
  view(length: number): Uint8Array {
    const at = this.take(length);
    return this.source.subarray(at, at + length);
  }

  skip(length: number): void {
    this.take(length);
  }

  /** The count of an array, or -1 for null, after checking that so many elements of `bytesMin` can follow. */
  arrayLength(bytesMin: number): number {
    return this.counted(this.int32(), bytesMin);
  }

  compactArrayLength(bytesMin: number): number {
    return this.counted(this.unsignedVarint() - 1, bytesMin);
  }

  /** Where a tagged field of `size` bytes that starts here ends. */
  endOfTaggedField(size: number): number {
    if (size > this.limit - this.position) throw new WireError('tagged field longer than its message');
    return this.position + size;
  }

  /** Called after a known tagged field was read: it must have had the size that was announced. */
  expectPosition(position: number): void {
    if (this.position !== position) throw new WireError('tagged field does not have its announced size');
  }

  /** Skips a whole tagged section in which no tag is known. */
  skipTaggedFields(): void {
    for (let count = this.unsignedVarint(); count > 0; count -= 1) {
      this.unsignedVarint();
      this.take(this.unsignedVarint());
    }
  }

  private take(length: number): number {
    const at = this.position;
    const next = at + length;
    if (!(next <= this.limit) || length < 0) {
      throw new WireError(`needs ${length} bytes, ${this.limit - at} are left`);
    }
    this.position = next;
    return at;
  }

  private text(length: number): string | null {
    if (length < 0) return this.nullOf(length);
    if (length > STRING_LENGTH_MAX) throw new WireError(`string of ${length} bytes`);
    return textOf(this.source, this.take(length), length);
  }

  private block(length: number): Uint8Array | null {
    if (length < 0) return this.nullOf(length);
    const at = this.take(length);
    return this.source.subarray(at, at + length);
  }

  private counted(count: number, bytesMin: number): number {
    if (count < 0) {
      this.nullOf(count);
      return -1;
    }
    if (count * bytesMin > this.limit - this.position) {
      throw new WireError(`array of ${count} elements, ${this.limit - this.position} bytes are left`);
    }
    // Two bytes on the wire become a hundred in memory: a limit on bytes alone would not bound what is made of them.
    this.elementsLeft -= count;
    if (this.elementsLeft < 0) throw new WireError(`more than ${this.elementsMax} array elements`);
    return count;
  }

  private nullOf(length: number): null {
    if (length !== -1) throw new WireError(`length ${length}`);
    return null;
  }
}

/** Called where null was read but is not allowed. */
export function unexpectedNull(): never {
  throw new WireError('null where none may be');
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function copyOf(view: Uint8Array): Uint8Array {
  return Uint8Array.prototype.slice.call(view);
}

/**
 * Sizes of variable-length integers, for those who must know a length before they write it (record batches, tagged
 * fields). Unsigned varints carry lengths and counts of flexible messages; zig-zag varints live inside record
 * batches. Reading and writing itself is done by `ByteReader` and `ByteWriter`. Pure functions, no state.
 */

/** Bytes that `value` (an unsigned 32-bit integer) takes as an unsigned varint, 1 to 5. */
export function sizeOfUnsignedVarint(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  return value < 0x10000000 ? 4 : 5;
}

/** Bytes that `value` (a signed 32-bit integer) takes as a zig-zag varint, 1 to 5. */
export function sizeOfVarint(value: number): number {
  return sizeOfUnsignedVarint(((value << 1) ^ (value >> 31)) >>> 0);
}

/** Bytes that `value` (a safe integer) takes as a zig-zag varlong, 1 to 8. */
export function sizeOfVarlong(value: number): number {
  let rest = Math.floor((value < 0 ? -value - 1 : value) / 64);
  let size = 1;
  while (rest > 0) {
    rest = Math.floor(rest / 128);
    size += 1;
  }
  return size;
}

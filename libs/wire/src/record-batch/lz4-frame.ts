/**
 * How large an LZ4 frame can become, from its block headers alone: the library decompresses without a limit, so the
 * limit is checked before it is called. Pure; called by `compression.ts`.
 *
 * Source: LZ4 frame format 1.6.3. A block expands to at most its frame's block size, and no byte of a compressed
 * block makes more than 255.
 */
import { CompressionError } from './compression-error.js';

const MAGIC = 0x184d2204;
const CONTENT_SIZE_BIT = 0x08;
const BLOCK_CHECKSUM_BIT = 0x10;
const DICTIONARY_BIT = 0x01;
const STORED_BIT = 0x80000000;
const EXPANSION_MAX = 255;

/** An upper bound in bytes. Throws `CompressionError('corrupt')` where the frame's outline is broken. */
export function lz4FrameBytesMax(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 7 || view.getUint32(0, true) !== MAGIC) throw corrupt('no frame');
  const flags = view.getUint8(4);
  const blockBytesMax = 2 ** (8 + 2 * ((view.getUint8(5) >> 4) & 7));
  const trailer = (flags & BLOCK_CHECKSUM_BIT) === 0 ? 0 : 4;
  let at = 7 + ((flags & CONTENT_SIZE_BIT) === 0 ? 0 : 8) + ((flags & DICTIONARY_BIT) === 0 ? 0 : 4);
  let total = 0;
  for (;;) {
    if (at + 4 > bytes.length) throw corrupt('frame is cut');
    const header = view.getUint32(at, true);
    if (header === 0) return total;
    const stored = header >= STORED_BIT;
    const length = stored ? header - STORED_BIT : header;
    if (length > bytes.length - at - 4) throw corrupt('block is cut');
    total += stored ? length : Math.min(blockBytesMax, length * EXPANSION_MAX);
    at += 4 + length + trailer;
  }
}

function corrupt(detail: string): CompressionError {
  return new CompressionError('corrupt', `lz4: ${detail}`);
}

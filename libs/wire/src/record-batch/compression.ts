/**
 * The codecs of record batches. The broker stores what it is sent and seldom looks inside; time look-ups, tools,
 * tests and topics with a codec of their own come here. Everything is synchronous, and every decompression is bounded
 * by a size that the caller names, found out before memory is taken wherever the format allows.
 *
 * Snappy comes bare or in blocks with the framing of the xerial library; both are read, the framing is written,
 * because the Java client reads nothing else. LZ4 is the frame format. zstd is there when Node's zlib has it.
 */
import { createRequire } from 'node:module';
import zlib from 'node:zlib';
import { CompressionError } from './compression-error.js';
import { lz4FrameBytesMax } from './lz4-frame.js';

export const Codec = { NONE: 0, GZIP: 1, SNAPPY: 2, LZ4: 3, ZSTD: 4 } as const;
export type CodecName = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';
export const CODEC_NAMES: readonly CodecName[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

/** What node:zlib offers from Node 22.15 on. */
interface Zstd {
  readonly zstdCompressSync?: (bytes: Uint8Array) => Buffer;
  readonly zstdDecompressSync?: (bytes: Uint8Array, options: { maxOutputLength: number }) => Buffer;
}
const zstd = zlib as unknown as Zstd;

/** Each native codec costs some 4 MB of memory once it is loaded, and most processes never need it. */
const load = createRequire(import.meta.url);
let loadedLz4: typeof import('lz4-napi') | undefined;
let loadedSnappy: typeof import('snappy') | undefined;
const lz4 = (): typeof import('lz4-napi') => (loadedLz4 ??= load('lz4-napi') as typeof import('lz4-napi'));
const snappy = (): typeof import('snappy') => (loadedSnappy ??= load('snappy') as typeof import('snappy'));

const XERIAL_MAGIC = Uint8Array.of(0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0);
/** Magic, version and compatible version. */
const XERIAL_HEADER_BYTES = 16;
const XERIAL_BLOCK_BYTES = 32 * 1024;

export function isCodecSupported(codec: number): boolean {
  if (codec === Codec.ZSTD) return zstd.zstdDecompressSync !== undefined;
  return codec >= Codec.NONE && codec <= Codec.LZ4;
}

/** Throws `CompressionError('unsupported')`. */
export function compress(codec: number, bytes: Uint8Array): Uint8Array {
  switch (codec) {
    case Codec.NONE:
      return bytes;
    case Codec.GZIP:
      return zlib.gzipSync(bytes);
    case Codec.SNAPPY:
      return compressXerial(bytes);
    case Codec.LZ4:
      return lz4().compressFrameSync(asBuffer(bytes));
    case Codec.ZSTD:
      if (zstd.zstdCompressSync !== undefined) return zstd.zstdCompressSync(bytes);
  }
  throw new CompressionError('unsupported', `codec ${CODEC_NAMES[codec] ?? codec} is not available`);
}

/** Throws `CompressionError`; what comes back is at most `bytesMax` long. */
export function decompress(codec: number, bytes: Uint8Array, bytesMax: number): Uint8Array {
  try {
    switch (codec) {
      case Codec.NONE:
        return bytes;
      case Codec.GZIP:
        return zlib.gunzipSync(bytes, { maxOutputLength: bytesMax });
      case Codec.SNAPPY:
        return isXerial(bytes) ? decompressXerial(bytes, bytesMax) : decompressSnappy(bytes, bytesMax);
      case Codec.LZ4:
        refuseBeyond(bytesMax, lz4FrameBytesMax(bytes));
        return lz4().decompressFrameSync(asBuffer(bytes));
      case Codec.ZSTD:
        if (zstd.zstdDecompressSync === undefined) break;
        return zstd.zstdDecompressSync(bytes, { maxOutputLength: bytesMax });
    }
  } catch (cause) {
    throw toCompressionError(cause, codec);
  }
  throw new CompressionError('unsupported', `codec ${CODEC_NAMES[codec] ?? codec} is not available`);
}

function toCompressionError(cause: unknown, codec: number): CompressionError {
  if (cause instanceof CompressionError) return cause;
  const error = cause as NodeJS.ErrnoException;
  const code = error.code === 'ERR_BUFFER_TOO_LARGE' ? 'too-large' : 'corrupt';
  return new CompressionError(code, `${CODEC_NAMES[codec] ?? codec}: ${error.message}`, { cause });
}

function refuseBeyond(bytesMax: number, size: number): void {
  if (size > bytesMax) throw new CompressionError('too-large', `decompresses to more than ${bytesMax} bytes`);
}

function isXerial(bytes: Uint8Array): boolean {
  return bytes.length >= XERIAL_HEADER_BYTES && XERIAL_MAGIC.every((byte, index) => bytes[index] === byte);
}

function compressXerial(bytes: Uint8Array): Uint8Array {
  const header = Buffer.alloc(XERIAL_HEADER_BYTES);
  header.set(XERIAL_MAGIC);
  header.writeInt32BE(1, 8);
  header.writeInt32BE(1, 12);
  const parts: Uint8Array[] = [header];
  for (let at = 0; at < bytes.length; at += XERIAL_BLOCK_BYTES) {
    const block = snappy().compressSync(asBuffer(bytes.subarray(at, at + XERIAL_BLOCK_BYTES)));
    const length = Buffer.alloc(4);
    length.writeInt32BE(block.length);
    parts.push(length, block);
  }
  return Buffer.concat(parts);
}

function decompressXerial(bytes: Uint8Array, bytesMax: number): Uint8Array {
  const source = asBuffer(bytes);
  const parts: Uint8Array[] = [];
  let total = 0;
  let at = XERIAL_HEADER_BYTES;
  while (at < source.length) {
    if (at + 4 > source.length) throw new CompressionError('corrupt', 'snappy: block length is cut');
    const length = source.readInt32BE(at);
    at += 4;
    if (length <= 0 || length > source.length - at)
      throw new CompressionError('corrupt', 'snappy: bad block length');
    const part = decompressSnappy(source.subarray(at, at + length), bytesMax - total);
    total += part.length;
    parts.push(part);
    at += length;
  }
  return Buffer.concat(parts, total);
}

function decompressSnappy(bytes: Uint8Array, bytesMax: number): Uint8Array {
  refuseBeyond(bytesMax, snappySize(bytes));
  return snappy().uncompressSync(asBuffer(bytes), { asBuffer: true }) as Buffer;
}

/** A bare snappy block begins with its decompressed size as a varint. */
function snappySize(bytes: Uint8Array): number {
  let size = 0;
  for (let index = 0; index < 5; index += 1) {
    const byte = bytes[index];
    if (byte === undefined) break;
    size += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return size;
  }
  throw new CompressionError('corrupt', 'snappy: no size');
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

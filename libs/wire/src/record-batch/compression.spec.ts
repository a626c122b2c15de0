/** The compression codecs, there and back, with limits and with damaged bytes. */
import zlib from 'node:zlib';
import snappy from 'snappy';
import { CompressionError } from './compression-error.js';
import { CODEC_NAMES, Codec, compress, decompress, isCodecSupported } from './compression.js';

const LIMIT = 1 << 20;
const text = Buffer.from('the quick brown fox jumps over the lazy dog; '.repeat(3000));
const codecs = Object.values(Codec).filter(isCodecSupported);

function codeOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof CompressionError) return error.code;
    throw error;
  }
  return 'none';
}

describe.each(codecs.map((codec) => [CODEC_NAMES[codec]!, codec] as const))('codec %s', (_name, codec) => {
  it.each([Buffer.alloc(0), Buffer.from('x'), text])('gives back what it was given', (bytes) => {
    expect(Buffer.from(decompress(codec, compress(codec, bytes), LIMIT)).equals(bytes)).toBe(true);
  });

  if (codec === Codec.NONE) return;

  it('refuses to grow beyond the limit', () => {
    const bomb = compress(codec, Buffer.alloc(8 * LIMIT));
    expect(bomb.length).toBeLessThan(LIMIT);
    expect(codeOf(() => decompress(codec, bomb, LIMIT))).toBe('too-large');
  });

  it('refuses what is cut or overwritten, whatever it is', () => {
    const whole = Buffer.from(compress(codec, text));
    for (const length of [0, 1, 4, 7, 15, 17, 20, whole.length >> 1, whole.length - 1]) {
      expect(codeOf(() => decompress(codec, whole.subarray(0, length), LIMIT))).not.toBe('none');
    }
    const noise = Buffer.from(whole);
    noise.fill(0xff, 0, 24);
    expect(codeOf(() => decompress(codec, noise, LIMIT))).not.toBe('none');
  });
});

describe('snappy', () => {
  it('is read bare, as some clients write it', () => {
    const bare = snappy.compressSync(text);
    expect(Buffer.from(decompress(Codec.SNAPPY, bare, LIMIT)).equals(text)).toBe(true);
  });

  it('is written with the framing of the xerial library', () => {
    expect(Buffer.from(compress(Codec.SNAPPY, text)).subarray(0, 8).toString('latin1')).toBe('\x82SNAPPY\0');
  });
});

describe('a codec that is not there', () => {
  it.each([5, 6, 7])('%s is unsupported', (codec) => {
    expect(isCodecSupported(codec)).toBe(false);
    expect(codeOf(() => compress(codec, text))).toBe('unsupported');
    expect(codeOf(() => decompress(codec, text, LIMIT))).toBe('unsupported');
  });

  it('zstd is there exactly when zlib has it', () => {
    expect(isCodecSupported(Codec.ZSTD)).toBe('zstdDecompressSync' in zlib);
  });
});

/** Sizes of frames, read and written, and those that are refused. */
import { describe, expect, it } from '@jest/globals';
import { WireError } from './bytes/wire-error.js';
import { ByteWriter } from './bytes/writer.js';
import { FRAME_BYTES_MAX, frameSize, writeFrame } from './frame.js';

const bytesOf = (hex: string): Buffer => Buffer.from(hex, 'hex');

describe('frameSize', () => {
  it.each(['', '00', '000000'])('waits while only %s is there', (hex) => {
    expect(frameSize(bytesOf(hex), 0, hex.length / 2)).toBeUndefined();
  });

  it('reads the size wherever the frame starts', () => {
    expect(frameSize(bytesOf('ffff00000102'), 2, 6)).toBe(258);
    expect(frameSize(bytesOf('ffff00000102'), 3, 6)).toBeUndefined();
  });

  it.each(['00000000', 'ffffffff', '80000000', '06400001'])('refuses the size %s', (hex) => {
    expect(() => frameSize(bytesOf(hex), 0, 4)).toThrow(WireError);
  });

  it('takes the largest frame and keeps to a smaller limit', () => {
    expect(frameSize(bytesOf('06400000'), 0, 4)).toBe(FRAME_BYTES_MAX);
    expect(() => frameSize(bytesOf('00000011'), 0, 4, 16)).toThrow(WireError);
  });
});

describe('writeFrame', () => {
  it('counts what was written, referenced blocks included', () => {
    const writer = new ByteWriter({ initialBytes: 1, referenceBytesMin: 3 });
    writeFrame(writer, () => writer.int16(7));
    writeFrame(writer, () => writer.block(bytesOf('aabbcc')));
    writeFrame(writer, () => writer.int8(1));
    expect(writer.copy().toString('hex')).toBe('000000020007' + '00000003aabbcc' + '0000000101');
  });

  it('leaves no trace of a frame that could not be written', () => {
    const writer = new ByteWriter({ initialBytes: 1, referenceBytesMin: 3 });
    writeFrame(writer, () => writer.int16(7));
    const spoilt = (): void =>
      writeFrame(writer, () => {
        writer.block(bytesOf('aabbcc'));
        writer.string('x'.repeat(40_000));
      });
    expect(spoilt).toThrow(WireError);
    expect(writer.copy().toString('hex')).toBe('000000020007');
  });
});

/** The buffer of a connection: frames whole however they arrive, and memory only for what arrived. */
import { ReceiveBuffer } from './receive-buffer.js';

const frame = (size: number, fill: number): Buffer => {
  const bytes = Buffer.alloc(4 + size, fill);
  bytes.writeInt32BE(size, 0);
  return bytes;
};

/** Puts bytes in as a socket does: into the lent space, which is asked for again after each read. */
function receive(buffer: ReceiveBuffer, bytes: Uint8Array, pieceBytes: number): void {
  for (let at = 0; at < bytes.length;) {
    const space = buffer.space();
    const count = Math.min(space.length, pieceBytes, bytes.length - at);
    space.set(bytes.subarray(at, at + count));
    buffer.filled(count);
    at += count;
  }
}

/** Takes one frame out and checks that it holds what was sent. */
function take(buffer: ReceiveBuffer): { size: number; fill: number; pure: boolean } | undefined {
  const size = buffer.frameSize();
  if (size === undefined || buffer.buffered < 4 + size) return undefined;
  const content = buffer.content.subarray(buffer.frameStart, buffer.frameStart + size);
  const fill = content[0] ?? -1;
  const pure = content.every((byte) => byte === fill);
  buffer.consume(size);
  return { size, fill, pure };
}

describe('receive buffer', () => {
  it.each([
    { sizes: [10], pieceBytes: 1 },
    { sizes: [1, 2, 3, 60_000, 5], pieceBytes: 7 },
    { sizes: [1_048_700, 1_048_700, 1_048_700, 1_048_700], pieceBytes: 65_536 },
    { sizes: [5_000_000, 20, 5_000_000], pieceBytes: 300_000 },
    { sizes: Array.from({ length: 500 }, (_, i) => 100 + i), pieceBytes: 16_384 },
  ])('hands over frames of $sizes.length sizes as they were sent', ({ sizes, pieceBytes }) => {
    const buffer = new ReceiveBuffer();
    const got: (number | undefined)[] = [];
    const sent = Buffer.concat(sizes.map((size, index) => frame(size, index % 251)));
    for (let at = 0; at < sent.length; at += pieceBytes) {
      receive(buffer, sent.subarray(at, at + pieceBytes), pieceBytes);
      for (let next = take(buffer); next !== undefined; next = take(buffer)) {
        expect(next.pure).toBe(true);
        expect(next.fill).toBe(got.length % 251);
        got.push(next.size);
      }
    }
    expect(got).toEqual(sizes);
    expect(buffer.buffered).toBe(0);
  });

  it('reserves nothing for what a frame only announces', () => {
    const buffer = new ReceiveBuffer();
    const lie = Buffer.alloc(5);
    lie.writeInt32BE(100 * 1024 * 1024, 0);
    receive(buffer, lie, 5);
    buffer.space();
    expect(buffer.capacity).toBeLessThanOrEqual(16 * 1024);
  });

  it('grows to at most about twice what was received', () => {
    const buffer = new ReceiveBuffer();
    const large = frame(10_000_000, 1);
    for (let at = 0; at < large.length; at += 50_000) {
      receive(buffer, large.subarray(at, at + 50_000), 50_000);
      expect(buffer.capacity).toBeLessThanOrEqual(Math.max(32 * 1024, 2.2 * (at + 50_000)));
    }
  });

  it('gives the memory of a huge frame back', () => {
    const buffer = new ReceiveBuffer();
    receive(buffer, frame(30_000_000, 1), 1_000_000);
    take(buffer);
    buffer.space();
    expect(buffer.capacity).toBeLessThanOrEqual(2 * 1024 * 1024);
  });

  it('becomes small again when only small frames come', () => {
    const buffer = new ReceiveBuffer();
    receive(buffer, frame(1_500_000, 1), 1_000_000);
    take(buffer);
    for (let i = 0; i < 100; i++) {
      receive(buffer, frame(30, 2), 100);
      take(buffer);
    }
    buffer.space();
    expect(buffer.capacity).toBeLessThanOrEqual(16 * 1024);
  });

  it('never moves bytes between two requests for space', () => {
    const buffer = new ReceiveBuffer();
    const space = buffer.space();
    space.set(frame(20, 7));
    buffer.filled(24);
    take(buffer);
    // The socket still holds what is left of the space, and fills it now.
    const rest = space.subarray(24);
    rest.set(frame(30, 9));
    buffer.filled(34);
    expect(take(buffer)).toEqual({ size: 30, fill: 9, pure: true });
  });
});

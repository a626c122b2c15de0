/** The ring that stages writes and serves the tail, against a plain list of batches. */
import fc from 'fast-check';
import { batchBaseOffset, batchSizeBytes, setBatchBaseOffset } from '@tidemark/wire';
import { batchOf } from '../testing/log-fixture.js';
import { TailMemory } from './tail-memory.js';
import { TailRing } from './tail-ring.js';

const KIB = 1024;

/** Puts a batch of one record of about `size` bytes at the ring's end, writing out what is in the way. */
function put(ring: TailRing, offset: number, size: number, written: Uint8Array[]): boolean {
  const batch = batchOf([`${offset}:`.padEnd(size, 'x')]);
  let placement = ring.place(batch.length);
  if (placement === 'write-first') {
    drain(ring, written);
    placement = ring.place(batch.length);
  }
  if (placement === 'too-large') return false;
  expect(placement).toBe('placed');
  ring.bytes.set(batch, ring.placedAt);
  setBatchBaseOffset(ring.bytes, ring.placedAt, offset);
  ring.commit(batch.length, offset);
  return true;
}

function drain(ring: TailRing, written: Uint8Array[]): void {
  ring.eachStaged((bytes, at, length) => written.push(Uint8Array.from(bytes.subarray(at, at + length))));
  ring.markWritten();
}

function offsetsIn(bytes: Uint8Array): number[] {
  const offsets: number[] = [];
  for (let at = 0; at < bytes.length; at += batchSizeBytes(bytes, at))
    offsets.push(batchBaseOffset(bytes, at));
  return offsets;
}

type Piece = ReturnType<TailRing['lease']>;

/** All of [from, to), which ends at the offset `next`, as a reader gets it: one piece after the other. */
function piecesOf(ring: TailRing, from: number, to: number, next: number): Piece[] {
  const pieces: Piece[] = [];
  for (let at = from, offset = -1; offset < next; at = ring.positionOf(offset)) {
    const piece = ring.lease(at, to);
    expect(piece.bytes.length).toBeGreaterThan(0);
    pieces.push(piece);
    offset = ring.offsetAt(piece.end, next);
  }
  return pieces;
}

describe('a tail ring', () => {
  const story = fc.array(
    fc.record({
      size: fc.integer({ min: 1, max: 9000 }),
      drain: fc.boolean(),
      hold: fc.boolean(),
      drop: fc.boolean(),
    }),
    { minLength: 1, maxLength: 60 },
  );

  it('writes every batch once and in order, reads the last ones, and never touches what is leased', () => {
    fc.assert(
      fc.property(story, (steps) => {
        const ring = new TailRing(new TailMemory(256 * KIB, 64 * KIB));
        const written: Uint8Array[] = [];
        const held: { bytes: Uint8Array; before: string; release: () => void }[] = [];
        let next = 0;
        let durable = 0;
        for (const step of steps) {
          const staged = ring.hasStaged;
          if (!staged) durable = next;
          if (put(ring, next, step.size, written)) next += 1;
          if (step.drain) drain(ring, written);
          else if (step.drop && !staged) {
            ring.dropStaged();
            next = durable;
          }
          if (!ring.isEmpty) {
            const first = ring.startOffset;
            const from = ring.positionOf(first);
            const end = ring.endWithin(from, Infinity, next, false);
            const kept = Array.from({ length: next - first }, (_, index) => first + index);
            const pieces = piecesOf(ring, from, end, next);
            expect(offsetsIn(Buffer.concat(pieces.map(({ bytes }) => bytes)))).toEqual(kept);
            for (const { bytes, release } of pieces) {
              if (step.hold) held.push({ bytes, before: Buffer.from(bytes).toString('latin1'), release });
              else release();
            }
          }
        }
        drain(ring, written);
        expect(offsetsIn(Buffer.concat(written))).toEqual(Array.from({ length: next }, (_, index) => index));
        for (const { bytes, before, release } of held) {
          expect(Buffer.from(bytes).toString('latin1')).toBe(before);
          release();
        }
      }),
      { numRuns: 40 },
    );
  });

  it('bounds what it answers by bytes and by offset', () => {
    const ring = new TailRing(new TailMemory(256 * KIB, 64 * KIB));
    for (let offset = 0; offset < 200; offset += 1) put(ring, offset, 100, []);
    const size = batchOf(['0:'.padEnd(100, 'x')]).length;
    const start = ring.positionOf(50);
    const count = (bytes: number, upTo: number, one: boolean): number =>
      ring.lengthBetween(start, ring.endWithin(start, bytes, upTo, one)) / size;
    expect(count(size * 3, 200, false)).toBe(3);
    expect(count(size * 3 + 1, 200, false)).toBe(3);
    expect(count(1e9, 53, false)).toBe(3);
    expect(count(1e9, 50, true)).toBe(0);
    expect(count(size - 1, 200, false)).toBe(0);
    expect(count(size - 1, 200, true)).toBe(1);
    expect(count(1e9, 200, false)).toBe(150);
  });

  it('takes from the one unused for longest when memory is short, but never what is staged', () => {
    const memory = new TailMemory(192 * KIB, 64 * KIB);
    const rings = Array.from({ length: 4 }, () => new TailRing(memory));
    const written: Uint8Array[] = [];
    for (const ring of rings.slice(0, 3)) put(ring, 0, 10, written);
    for (const ring of [rings[0]!, rings[2]!]) drain(ring, written);
    put(rings[3]!, 0, 10, written);
    expect(rings.map((ring) => ring.isEmpty)).toEqual([true, false, false, false]);
    expect(memory.usedBytes).toBe(192 * KIB);
    memory.evictUnusedSince(memory.touch());
    expect(rings.map((ring) => ring.isEmpty)).toEqual([true, false, true, false]);
  });
});

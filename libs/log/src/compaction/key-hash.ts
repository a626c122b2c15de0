/**
 * 128 bits that stand for a record's key: a hash of the MurmurHash3 family (four lanes of 32 bits). Not
 * cryptographic, and need not be: the seed is random for each run, so that nobody can prepare keys that collide.
 * Pure but for the result, which is filled anew by each call so that hashing makes no garbage.
 */

const C1 = 0x239b961b;
const C2 = 0xab0e9789 | 0;
const C3 = 0x38b34ae5;
const C4 = 0xa1e38b93 | 0;
const BLOCK_BYTES = 16;

/** Of the key that was hashed last. */
export const keyHash = new Int32Array(4);
/** The last, incomplete block, padded with zeros: mixing those in changes nothing. */
const tail = new Uint8Array(BLOCK_BYTES);

/** Hashes `bytes[start, start + length)` into `keyHash`. */
export function hashKey(bytes: Uint8Array, start: number, length: number, seed: number): void {
  keyHash.fill(seed | 0);
  const whole = length - (length % BLOCK_BYTES);
  for (let at = start; at < start + whole; at += BLOCK_BYTES) mixBlock(bytes, at);
  if (whole < length) {
    tail.fill(0);
    for (let index = whole; index < length; index += 1) tail[index - whole] = bytes[start + index] ?? 0;
    mixTail();
  }
  finish(length);
}

function mixBlock(bytes: Uint8Array, at: number): void {
  let [h1 = 0, h2 = 0, h3 = 0, h4 = 0] = keyHash;
  h1 ^= scramble(word(bytes, at), C1, 15, C2);
  h1 = (Math.imul((rotate(h1, 19) + h2) | 0, 5) + 0x561ccd1b) | 0;
  h2 ^= scramble(word(bytes, at + 4), C2, 16, C3);
  h2 = (Math.imul((rotate(h2, 17) + h3) | 0, 5) + 0x0bcaa747) | 0;
  h3 ^= scramble(word(bytes, at + 8), C3, 17, C4);
  h3 = (Math.imul((rotate(h3, 15) + h4) | 0, 5) + 0x96cd1c35) | 0;
  h4 ^= scramble(word(bytes, at + 12), C4, 18, C1);
  h4 = (Math.imul((rotate(h4, 13) + h1) | 0, 5) + 0x32ac3b17) | 0;
  store(h1, h2, h3, h4);
}

function mixTail(): void {
  const [h1 = 0, h2 = 0, h3 = 0, h4 = 0] = keyHash;
  store(
    h1 ^ scramble(word(tail, 0), C1, 15, C2),
    h2 ^ scramble(word(tail, 4), C2, 16, C3),
    h3 ^ scramble(word(tail, 8), C3, 17, C4),
    h4 ^ scramble(word(tail, 12), C4, 18, C1),
  );
}

function finish(length: number): void {
  let [h1 = 0, h2 = 0, h3 = 0, h4 = 0] = keyHash;
  h1 ^= length;
  h2 ^= length;
  h3 ^= length;
  h4 ^= length;
  h1 = (h1 + h2 + h3 + h4) | 0;
  h1 = avalanche(h1);
  h2 = avalanche((h2 + h1) | 0);
  h3 = avalanche((h3 + h1) | 0);
  h4 = avalanche((h4 + h1) | 0);
  const sum = (h1 + h2 + h3 + h4) | 0;
  store(sum, (h2 + sum) | 0, (h3 + sum) | 0, (h4 + sum) | 0);
}

function store(h1: number, h2: number, h3: number, h4: number): void {
  keyHash[0] = h1;
  keyHash[1] = h2;
  keyHash[2] = h3;
  keyHash[3] = h4;
}

function scramble(value: number, before: number, by: number, after: number): number {
  return Math.imul(rotate(Math.imul(value, before), by), after);
}

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}

function avalanche(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

function word(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] ?? 0) |
    ((bytes[at + 1] ?? 0) << 8) |
    ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 24)
  );
}

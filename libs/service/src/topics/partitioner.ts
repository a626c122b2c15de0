/**
 * Which partition a key belongs to: murmur2 with Kafka's seed over the key's bytes, made positive, modulo the number of
 * partitions, as Kafka's Java client and kafkajs do (`Utils.murmur2`, `BuiltInPartitioner`). Pure, so that every
 * implementation of the port and every test agree with what other clients write.
 */
const SEED = 0x9747b28c;
const M = 0x5bd1e995;

/** The hash as an unsigned 32-bit number. */
export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length;
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  let hash = SEED ^ length;
  const whole = length & ~3;
  for (let index = 0; index < whole; index += 4) {
    let k = Math.imul(view.getInt32(index, true), M);
    k ^= k >>> 24;
    hash = Math.imul(hash, M) ^ Math.imul(k, M);
  }
  const rest = length - whole;
  if (rest === 3) hash ^= view.getUint8(whole + 2) << 16;
  if (rest >= 2) hash ^= view.getUint8(whole + 1) << 8;
  if (rest >= 1) hash = Math.imul(hash ^ view.getUint8(whole), M);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, M);
  hash ^= hash >>> 15;
  return hash >>> 0;
}

/** The partition of a keyed record. Throws on a partition count below 1. */
export function partitionOf(key: string | Uint8Array, partitions: number): number {
  if (partitions < 1) throw new RangeError('a topic has at least one partition');
  const bytes = typeof key === 'string' ? Buffer.from(key) : key;
  return (murmur2(bytes) & 0x7fff_ffff) % partitions;
}

/** Keyless records go round, one turn per record. */
export class Partitioner {
  #turn = 0;

  pick(
    record: { readonly key: string | Uint8Array | null; readonly partition?: number },
    partitions: number,
  ) {
    if (record.partition !== undefined) return record.partition;
    if (record.key !== null) return partitionOf(record.key, partitions);
    this.#turn = (this.#turn + 1) % 0x4000_0000;
    return this.#turn % partitions;
  }
}

/**
 * CRC32C (Castagnoli), the checksum of record batches and of the files beside a log. Long ranges go to the native
 * add-on; short ones, and all where the add-on is not installed for this machine, to a table-driven loop that reads
 * eight bytes a step. Below about 200 bytes the loop is as fast as the trip into native code.
 *
 * Source: RFC 3720 section B.4; slicing-by-8 after Kounavis and Berry (Intel, 2005).
 */
import { createRequire } from 'node:module';

const NATIVE_BYTES_MIN = 200;
const POLYNOMIAL = 0x82f63b78;

type Native = (input: Uint8Array, initial?: number) => number;

const TABLES = makeTables();
const [T0, T1, T2, T3, T4, T5, T6, T7] = TABLES;
const native = loadNative();

/** Of `bytes[start, end)`; an unsigned 32-bit number. `seed` continues an earlier checksum. */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length, seed = 0): number {
  if (native === undefined || end - start < NATIVE_BYTES_MIN) return crc32cByTable(bytes, start, end, seed);
  const whole = start === 0 && end === bytes.length;
  return native(whole ? bytes : bytes.subarray(start, end), seed);
}

/** The loop alone; exported so that a test can hold both ways together. */
export function crc32cByTable(bytes: Uint8Array, start: number, end: number, seed = 0): number {
  let crc = ~seed;
  let at = start;
  for (const last = end - 8; at <= last; at += 8) {
    const low =
      crc ^
      (byte(bytes, at) |
        (byte(bytes, at + 1) << 8) |
        (byte(bytes, at + 2) << 16) |
        (byte(bytes, at + 3) << 24));
    crc =
      entry(T7, low & 0xff) ^
      entry(T6, (low >>> 8) & 0xff) ^
      entry(T5, (low >>> 16) & 0xff) ^
      entry(T4, low >>> 24) ^
      entry(T3, byte(bytes, at + 4)) ^
      entry(T2, byte(bytes, at + 5)) ^
      entry(T1, byte(bytes, at + 6)) ^
      entry(T0, byte(bytes, at + 7));
  }
  for (; at < end; at += 1) crc = (crc >>> 8) ^ entry(T0, (crc ^ byte(bytes, at)) & 0xff);
  return ~crc >>> 0;
}

function byte(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}

function entry(table: Int32Array, index: number): number {
  return table[index] ?? 0;
}

type Tables = [
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
];

function makeTables(): Tables {
  const first = Int32Array.from({ length: 256 }, (_, value) => {
    let crc = value;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    return crc;
  });
  const tables = [first];
  for (let index = 1; index < 8; index += 1) {
    const before = tables[index - 1] ?? first;
    tables.push(before.map((crc) => (crc >>> 8) ^ entry(first, crc & 0xff)));
  }
  return tables as Tables;
}

function loadNative(): Native | undefined {
  try {
    const addOn = createRequire(import.meta.url)('@node-rs/crc32') as { crc32c: Native };
    return addOn.crc32c;
  } catch {
    return undefined;
  }
}

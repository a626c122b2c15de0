/**
 * 128-bit ids (topics, directories) as the text of 36 characters that people read. The all-zero id stands for
 * "none" on the wire. The last ids seen are remembered in both directions, in a fixed number of slots, because the
 * same few topics come with every request. Called by `ByteReader` and `ByteWriter`.
 */
import { WireError } from './wire-error.js';

export const ZERO_UUID = '00000000-0000-0000-0000-000000000000';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const SLOTS = 256;
const WORDS_MAX = 1024;

interface Slot {
  readonly words: Words;
  readonly text: string;
}

/** The id as four 32-bit integers. */
type Words = readonly [number, number, number, number];

const bySlot: Slot[] = new Array<Slot>(SLOTS).fill({ words: [0, 0, 0, 0], text: ZERO_UUID });
const byText = new Map<string, Words>();

export function uuidFromBytes(view: DataView, at: number): string {
  const a = view.getInt32(at);
  const b = view.getInt32(at + 4);
  const c = view.getInt32(at + 8);
  const d = view.getInt32(at + 12);
  const index = (a ^ b ^ c ^ d ^ (d >>> 16)) & (SLOTS - 1);
  const slot = bySlot[index];
  if (slot !== undefined) {
    const words = slot.words;
    if (words[0] === a && words[1] === b && words[2] === c && words[3] === d) return slot.text;
  }
  const digits = hex(a) + hex(b) + hex(c) + hex(d);
  const groups = [
    digits.slice(0, 8),
    digits.slice(8, 12),
    digits.slice(12, 16),
    digits.slice(16, 20),
    digits.slice(20),
  ];
  const text = groups.join('-');
  bySlot[index] = { words: [a, b, c, d], text };
  return text;
}

/** Writes 16 bytes; throws `WireError` when `text` is not 32 hexadecimal digits in the usual five groups. */
export function uuidToBytes(text: string, view: DataView, at: number): void {
  const words = byText.get(text) ?? remember(text);
  view.setInt32(at, words[0]);
  view.setInt32(at + 4, words[1]);
  view.setInt32(at + 8, words[2]);
  view.setInt32(at + 12, words[3]);
}

function remember(text: string): Words {
  if (!UUID.test(text)) throw new WireError(`not a uuid: ${text}`);
  const digits = text.replaceAll('-', '');
  const word = (i: number): number => Number.parseInt(digits.slice(i * 8, i * 8 + 8), 16) | 0;
  const words: Words = [word(0), word(1), word(2), word(3)];
  if (byText.size >= WORDS_MAX) byText.clear();
  byText.set(text, words);
  return words;
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}

/**
 * Remembers short strings by their bytes, because the same topic, group and client names arrive in every request and
 * comparing is cheaper than decoding. A fixed number of slots, the newest string wins its slot; holds nothing but what
 * could be decoded again. Called by `ByteReader` for every string.
 */

const SLOTS = 256;
const LENGTH_MAX = 48;

const slots: string[] = new Array<string>(SLOTS).fill('');

/** The text of the UTF-8 bytes [at, at + length). */
export function textOf(source: Buffer, at: number, length: number): string {
  if (length === 0) return '';
  if (length > LENGTH_MAX) return source.toString('utf8', at, at + length);
  const last = at + length - 1;
  const mixed = ((source[at] ?? 0) * 31 + (source[last] ?? 0)) * 31 + (source[at + (length >> 1)] ?? 0);
  const slot = (mixed * 31 + length) & (SLOTS - 1);
  const known = slots[slot] ?? '';
  if (known.length === length && isTextOf(known, source, at)) return known;
  const text = source.toString('utf8', at, at + length);
  slots[slot] = text;
  return text;
}

/** True only for ASCII text, whose characters are its bytes; other text is simply decoded each time. */
function isTextOf(text: string, source: Buffer, at: number): boolean {
  for (let i = 0; i < text.length; i += 1) {
    const byte = source[at + i] ?? 0;
    if (byte >= 0x80 || text.charCodeAt(i) !== byte) return false;
  }
  return true;
}

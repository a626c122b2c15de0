/**
 * 128-bit ids (topics, directories) as the text of 36 characters that people read. The all-zero id stands for
 * "none" on the wire. Pure functions over a table of hexadecimal pairs; called by `ByteReader` and `ByteWriter`.
 */
import { WireError } from './wire-error.js';

export const ZERO_UUID = '00000000-0000-0000-0000-000000000000';

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const UUID_LENGTH = 36;
const DASH = 0x2d;

export function uuidFromBytes(bytes: Uint8Array, at: number): string {
  let text = '';
  for (let i = 0; i < 16; i += 1) {
    if (i === 4 || i === 6 || i === 8 || i === 10) text += '-';
    text += HEX[bytes[at + i] ?? 0] ?? '';
  }
  return text;
}

/** Writes 16 bytes; throws `WireError` when `text` is not 32 hexadecimal digits in the usual five groups. */
export function uuidToBytes(text: string, bytes: Uint8Array, at: number): void {
  if (text.length !== UUID_LENGTH) throw new WireError(`not a uuid: ${text}`);
  let position = 0;
  for (let i = 0; i < 16; i += 1) {
    if (i === 4 || i === 6 || i === 8 || i === 10) {
      if (text.charCodeAt(position) !== DASH) throw new WireError(`not a uuid: ${text}`);
      position += 1;
    }
    bytes[at + i] = (digit(text, position) << 4) | digit(text, position + 1);
    position += 2;
  }
}

function digit(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  if (lower >= 0x61 && lower <= 0x66) return lower - 0x57;
  throw new WireError(`not a uuid: ${text}`);
}

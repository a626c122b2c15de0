/**
 * Where a list goes on: the sort key of the last item, opaque to clients. Whatever comes back from them is checked:
 * only printable ASCII parts of limited length, and the first of two must be a time.
 */
import { isTime } from '@tidemark/contracts';

const PART = /^[\x21-\x7e]{1,256}$/;

export function encodeCursor(parts: readonly string[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** Nothing when it is not a cursor of so many parts. */
export function decodeCursor(cursor: string, count: number): string[] | undefined {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
  if (!Array.isArray(parts) || parts.length !== count) return undefined;
  const texts = parts.filter((part): part is string => typeof part === 'string' && PART.test(part));
  if (texts.length !== count) return undefined;
  if (count === 2 && !isTime(texts[0] ?? '')) return undefined;
  return texts;
}

// Counts words: node word-count.mjs FILE [--top=N]. Prints their number alone, as `wc -w` counts it; counts.json gets
// the rest. The file is read piece by piece, so that its size does not matter. A word is a run of bytes without white
// space. For the frequencies, letters are lower-cased and what is no letter or digit is cut off at both ends.
import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { parseArgs, TextDecoder } from 'node:util';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { top: { type: 'string', default: '20' } },
});
const [file] = positionals;
const top = Number(values.top);
if (file === undefined || !Number.isInteger(top) || top < 1) {
  console.error('usage: word-count.mjs FILE [--top=N]');
  process.exit(64);
}

// As GNU `wc` does in a UTF-8 locale: no-break spaces separate too, and what cannot be printed makes no word by itself.
const WHITE_SPACE = /[\t-\r \u00a0\u1680\u2000-\u200a\u202f\u205f\u2060\u3000]+/;
const PRINTABLE = /[^\p{Cc}\p{Cn}\p{Zl}\p{Zp}]/u;

const totals = { lines: 0, words: 0, bytes: 0 };
const occurrences = new Map();

function count(word) {
  if (!PRINTABLE.test(word)) return;
  totals.words += 1;
  const key = word.toLowerCase().replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '');
  if (key !== '') occurrences.set(key, (occurrences.get(key) ?? 0) + 1);
}

const decoder = new TextDecoder('utf-8');
let rest = '';
for await (const bytes of createReadStream(file)) {
  totals.bytes += bytes.length;
  const pieces = (rest + decoder.decode(bytes, { stream: true })).split(WHITE_SPACE);
  totals.lines += bytes.reduce((lines, byte) => lines + (byte === 10 ? 1 : 0), 0);
  rest = pieces.pop() ?? '';
  for (const piece of pieces) count(piece);
}
rest += decoder.decode();
count(rest);

const mostFrequent = [...occurrences]
  .sort(([left, a], [right, b]) => b - a || (left < right ? -1 : 1))
  .slice(0, top)
  .map(([word, times]) => ({ word, times }));
const counts = { ...totals, distinctWords: occurrences.size, mostFrequent };
await writeFile('counts.json', `${JSON.stringify(counts, undefined, 2)}\n`);
console.log(totals.words);

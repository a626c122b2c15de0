/**
 * Whether a regular expression from outside can be trusted to end. A backtracking matcher may take time exponential in
 * the text; the decider of a partition must not hang because of one application. Counted here is how many ways the
 * matcher may try at worst: every repetition multiplies by how often it may repeat, every alternative by two. What
 * repeats something that itself repeats or branches is refused, as are back references and look-around.
 */

/** Characters of a text that is held against a pattern, at most. */
export const PATTERN_TEXT_LENGTH_MAX = 256;
/** Ways to match, at worst, that a pattern may have: tens of milliseconds. */
const WAYS_MAX = 2 ** 24;

const CLASS = /\[(?:\\.|[^\]\\])*\]/gu;
const ESCAPE = /\\(?:[pPu]\{[^}]*\}|.)/gu;
const QUANTIFIER = /[*+?]|\{(\d+)(?:(,)(\d*))?\}/gu;

/** Nothing when the pattern may be used, else what is wrong with it. */
export function patternFault(pattern: string): string | undefined {
  try {
    new RegExp(pattern, 'u');
  } catch {
    return 'not a regular expression';
  }
  if (/\\[1-9k]/u.test(pattern)) return 'must not refer back to a group';
  // Classes and escapes match one character each: they count as a letter.
  const plain = pattern.replace(CLASS, 'c').replace(ESCAPE, 'e');
  if (/\(\?[=!<]/u.test(plain.replace(/\(\?<[A-Za-z_$]/gu, '(?:'))) return 'must not look around';
  if (repeatsRepetition(plain)) return 'must not repeat a group that repeats or branches inside';
  if (waysOf(plain) > WAYS_MAX) return 'has too many repetitions';
  return undefined;
}

function waysOf(plain: string): number {
  let ways = 2 ** (plain.split('|').length - 1);
  for (const [text, least = '0', comma, most = ''] of plain.replaceAll('(?', '(').matchAll(QUANTIFIER)) {
    if (text === '?') ways *= 2;
    else if (text === '*' || text === '+' || (comma !== undefined && most === ''))
      ways *= PATTERN_TEXT_LENGTH_MAX;
    else if (most !== '') ways *= Number(most) - Number(least) + 1;
  }
  return ways;
}

/** Looks at every group that is followed by a quantifier. */
function repeatsRepetition(plain: string): boolean {
  const branching: boolean[] = [];
  let current = false;
  for (let index = 0; index < plain.length; index += 1) {
    const character = plain.charAt(index);
    if (character === '(') {
      branching.push(current);
      current = false;
      if (plain.charAt(index + 1) === '?') index += 1;
    } else if (character === ')') {
      const repeated = /^(?:[*+]|\{)/u.test(plain.slice(index + 1));
      if (repeated && current) return true;
      const outer = branching.pop() ?? false;
      current = outer || current || repeated;
    } else if (/[*+?|]/u.test(character) || /^\{\d+,/u.test(plain.slice(index))) {
      current = true;
    }
  }
  return false;
}

/**
 * Colours for people only: where output goes to a terminal, and nobody said NO_COLOR. The library alone would colour
 * pipes too wherever the environment says CI, and a script would find escape sequences in what it reads.
 */
import picocolors from 'picocolors';

const { NO_COLOR, FORCE_COLOR, TERM } = process.env;

const wanted = (stream: { readonly isTTY?: boolean }): boolean =>
  (NO_COLOR ?? '') === '' && ((FORCE_COLOR ?? '') !== '' || (stream.isTTY === true && TERM !== 'dumb'));

/** For stdout. */
export const pc = picocolors.createColors(wanted(process.stdout));
/** For stderr. */
export const errorColors = picocolors.createColors(wanted(process.stderr));

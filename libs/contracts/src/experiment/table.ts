/**
 * What the three state tables share: the words for a cell that is not a state, and the type of a row that has a cell
 * for every column, so that a missing case does not compile.
 */

/** The event is not allowed here: it changes nothing, alike for every reader. */
export const REFUSED = 'refused';
/** Allowed, and the state stays as it is. */
export const STAY = 'stay';

export type Cell<Status extends string> = Status | typeof REFUSED | typeof STAY;

/** One cell for each column, in order. */
export type Row<Columns extends readonly string[], Content> = { readonly [Index in keyof Columns]: Content };

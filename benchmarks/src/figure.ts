/**
 * A measured figure and how it is shown: on the terminal while `npm run bench` runs, and as a table of
 * docs/benchmarks.md. A goal is either on the value itself or on its ratio to another value of the same run.
 */

export interface Goal {
  /** What is held against the limit: the value, or its ratio to another one of the same run. */
  readonly measured: number;
  readonly atLeast?: number;
  readonly below?: number;
  /** What the ratio is to, as in `of dd`; left out where the value itself has the goal. */
  readonly of?: string;
}

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly goal?: Goal;
}

const NAME_WIDTH = 44;
const VALUE_WIDTH = 20;

export function isMet({ measured, atLeast = -Infinity, below = Infinity }: Goal): boolean {
  return measured >= atLeast && measured < below;
}

export function figureLine({ name, value, unit, goal }: Figure): string {
  const shown = `${numberText(value)} ${unit}`.padStart(VALUE_WIDTH);
  return `${name.padEnd(NAME_WIDTH)}${shown}${goal === undefined ? '' : `   ${goalText(goal)}`}`;
}

/** Rows of a Markdown table with the columns figure, median, ratio, goal. */
export function figureRow({ name, value, unit, goal }: Figure): string {
  const ratio = goal?.of === undefined ? '' : `${ratioText(goal.measured)} ${goal.of}`;
  const limit = goal === undefined ? '' : `${limitText(goal)}${isMet(goal) ? '' : ', **missed**'}`;
  return `| ${name} | ${numberText(value)} ${unit} | ${ratio} | ${limit} |`;
}

function goalText(goal: Goal): string {
  const ratio = goal.of === undefined ? '' : `${ratioText(goal.measured)} ${goal.of}, `;
  return `${ratio}goal ${limitText(goal)}${isMet(goal) ? '' : '  MISSED'}`;
}

function limitText({ atLeast, below, of }: Goal): string {
  const text = of === undefined ? numberText : ratioText;
  return atLeast === undefined ? `< ${text(below ?? Infinity)}` : `>= ${text(atLeast)}`;
}

const ratioText = (value: number): string => value.toFixed(2);

function numberText(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(3)));
}

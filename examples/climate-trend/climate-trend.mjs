// Separates a monthly series into trend, seasonal cycle and remainder:
//   node climate-trend.mjs --default=FILE [--series=FILE] [--from=YEAR] [--to=YEAR]
// Fits by least squares: a parabola in time for the trend, and a year's wave with its first three overtones for the
// season (as Thoning, Tans and Komhyr did for Mauna Loa, J. Geophys. Res. 94, 1989, with a filter on top).
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';

const HARMONICS = 4;
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

function fail(message) {
  console.error(`climate-trend: ${message}`);
  process.exit(65);
}

const { values } = parseArgs({
  options: Object.fromEntries(['default', 'series', 'from', 'to'].map((name) => [name, { type: 'string' }])),
});
const file = values.series ?? values.default ?? fail('no series');
const from = Number(values.from ?? -Infinity);
const to = Number(values.to ?? Infinity);

const points = (await readFile(file, 'utf8'))
  .split(/\r?\n/)
  .slice(1)
  .filter((line) => line.trim() !== '')
  .map((line, index) => {
    const [year, month, value] = line.split(',').map(Number);
    const isPoint = Number.isInteger(year) && month >= 1 && month <= 12 && Number.isFinite(value);
    return isPoint ? { year, month, value } : fail(`line ${index + 2} is not year,month,value: ${line}`);
  })
  .filter(({ year }) => year >= from && year <= to)
  // The middle of the month, in years.
  .map((point) => ({ ...point, time: point.year + (point.month - 0.5) / 12 }));
if (points.length < 36)
  fail(`${points.length} months are too few to tell a trend from a season: 36 at least`);

const middle = (points[0].time + points.at(-1).time) / 2;
/** What the fit weighs: constant, slope, curvature (per decade, to keep the numbers near 1), then the waves. */
function terms(time) {
  const decades = (time - middle) / 10;
  const waves = [];
  for (let harmonic = 1; harmonic <= HARMONICS; harmonic += 1) {
    const phase = 2 * Math.PI * harmonic * time;
    waves.push(Math.cos(phase), Math.sin(phase));
  }
  return [1, decades, decades * decades, ...waves];
}

/** Least squares by the normal equations, which Gauss's elimination with pivoting solves. */
function fit(rows, targets) {
  const size = rows[0].length;
  const matrix = Array.from({ length: size }, () => new Array(size + 1).fill(0));
  rows.forEach((row, index) => {
    for (let i = 0; i < size; i += 1) {
      for (let j = 0; j < size; j += 1) matrix[i][j] += row[i] * row[j];
      matrix[i][size] += row[i] * targets[index];
    }
  });
  for (let column = 0; column < size; column += 1) {
    let pivot = column;
    for (let row = column; row < size; row += 1)
      if (Math.abs(matrix[row][column]) > Math.abs(matrix[pivot][column])) pivot = row;
    if (Math.abs(matrix[pivot][column]) < 1e-9)
      fail('the months given do not determine a trend and a season');
    [matrix[column], matrix[pivot]] = [matrix[pivot], matrix[column]];
    for (let row = 0; row < size; row += 1) {
      if (row === column) continue;
      const factor = matrix[row][column] / matrix[column][column];
      for (let k = column; k <= size; k += 1) matrix[row][k] -= factor * matrix[column][k];
    }
  }
  return matrix.map((row, index) => row[size] / row[index]);
}

const weights = fit(
  points.map(({ time }) => terms(time)),
  points.map(({ value }) => value),
);
const part = (time, first, end) =>
  terms(time).reduce(
    (sum, term, index) => (index >= first && index < end ? sum + term * weights[index] : sum),
    0,
  );
const trend = (time) => part(time, 0, 3);
const season = (time) => part(time, 3, Infinity);
/** Per year. */
const growth = (time) => (weights[1] + 2 * weights[2] * ((time - middle) / 10)) / 10;
const round = (value, digits = 2) => Number(value.toFixed(digits));

const decomposed = points.map((point) => ({
  ...point,
  trend: trend(point.time),
  season: season(point.time),
  remainder: point.value - trend(point.time) - season(point.time),
}));
const cycle = MONTHS.map((month, index) => ({ month, value: season((index + 0.5) / 12) }));
const highest = cycle.reduce((a, b) => (b.value > a.value ? b : a));
const lowest = cycle.reduce((a, b) => (b.value < a.value ? b : a));
const scatter = Math.sqrt(decomposed.reduce((sum, { remainder }) => sum + remainder ** 2, 0) / points.length);
const years = points.map(({ year }) => year);
const decades = [...new Set(years.map((year) => year - (year % 10)))];

const summary = {
  months: points.length,
  from: `${points[0].year}-${String(points[0].month).padStart(2, '0')}`,
  to: `${points.at(-1).year}-${String(points.at(-1).month).padStart(2, '0')}`,
  trend: { first: round(trend(points[0].time)), last: round(trend(points.at(-1).time)) },
  growthPerYear: decades.map((decade) => {
    const inDecade = points.filter(({ year }) => year - (year % 10) === decade);
    const mean = inDecade.reduce((sum, { time }) => sum + growth(time), 0) / inDecade.length;
    return { decade: `${decade}s`, value: round(mean, 3) };
  }),
  seasonalCycle: cycle.map(({ month, value }) => ({ month, value: round(value) })),
  seasonalRange: round(highest.value - lowest.value),
  highestMonth: highest.month,
  lowestMonth: lowest.month,
  rootMeanSquareRemainder: round(scatter, 3),
};
await writeFile('summary.json', `${JSON.stringify(summary, undefined, 2)}\n`);
await writeFile(
  'decomposed.csv',
  `year,month,value,trend,season,remainder\n${decomposed
    .map((row) =>
      [
        row.year,
        row.month,
        row.value,
        ...[row.trend, row.season, row.remainder].map((v) => v.toFixed(3)),
      ].join(','),
    )
    .join('\n')}\n`,
);

console.log(`${summary.months} months, ${summary.from} to ${summary.to}`);
console.log(`trend: ${summary.trend.first} to ${summary.trend.last}`);
for (const { decade, value } of summary.growthPerYear) console.log(`  ${decade}: ${value} a year`);
console.log(`season: ${summary.seasonalRange} from ${summary.lowestMonth} to ${summary.highestMonth}`);
for (const { month, value } of summary.seasonalCycle)
  console.log(`  ${month} ${value.toFixed(2).padStart(6)} ${'#'.repeat(Math.round(Math.abs(value) * 8))}`);
console.log(`remainder: ${summary.rootMeanSquareRemainder} (root mean square)`);

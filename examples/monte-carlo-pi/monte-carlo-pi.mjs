// Estimates pi: node monte-carlo-pi.mjs [--points=N] [--seed=N]. Throws N points at the unit square; the share that
// falls into the quarter circle is near pi/4. Chance comes from xoshiro128** (Blackman and Vigna), seeded by SplitMix32,
// in 32-bit integer arithmetic alone, so that a seed gives the same digits on every machine.
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { points: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' } },
});
const points = Number(values.points);
const seed = Number(values.seed);
if (!Number.isSafeInteger(points) || points < 1 || !Number.isInteger(seed) || seed < 0 || seed > 0xffffffff) {
  console.error('usage: monte-carlo-pi.mjs [--points=N] [--seed=0..4294967295]');
  process.exit(64);
}

/** Numbers from [0, 1) in steps of 2^-32. */
function chanceFrom(start) {
  let next = start >>> 0;
  const split = () => {
    next = (next + 0x9e3779b9) >>> 0;
    let mixed = next;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
  const rotate = (word, by) => (word << by) | (word >>> (32 - by));
  let [a, b, c, d] = [split(), split(), split(), split()];
  return () => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotate(d, 11);
    return result / 0x100000000;
  };
}

const chance = chanceFrom(seed);
const convergence = [];
let inside = 0;
let told = 1;
for (let thrown = 1; thrown <= points; thrown += 1) {
  const x = chance();
  const y = chance();
  if (x * x + y * y < 1) inside += 1;
  if (thrown === told || thrown === points) {
    convergence.push({ points: thrown, estimate: (4 * inside) / thrown });
    if (thrown >= 1000) console.error(`${thrown} points: ${((4 * inside) / thrown).toFixed(6)}`);
    told *= 10;
  }
}

const share = inside / points;
const estimate = 4 * share;
const standardError = 4 * Math.sqrt((share * (1 - share)) / points);
const result = { points, seed, inside, estimate, standardError, error: estimate - Math.PI, convergence };
await writeFile('estimate.json', `${JSON.stringify(result, undefined, 2)}\n`);
console.log(`${estimate} +/- ${standardError.toPrecision(2)}`);

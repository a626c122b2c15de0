/** The applications of examples/: each can be registered as it stands, and says the right thing when it is run. */
import { jest } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  applicationFaults,
  applicationFileSchema,
  applicationSchema,
  dataProductIdOf,
  resolveInputs,
  type DataProduct,
  type ExperimentSpec,
  type InputValues,
} from '@tidemark/contracts';
import { ManagerWorld } from './testing/manager-world.js';

jest.setTimeout(60_000);

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const EXAMPLES = path.join(ROOT, 'examples');
const names = fs
  .readdirSync(EXAMPLES)
  .filter((name) => fs.existsSync(path.join(EXAMPLES, name, 'application.json')));

describe('examples', () => {
  let world: ManagerWorld;
  beforeAll(async () => {
    world = new ManagerWorld();
    await world.start('application-manager-1');
  });
  afterAll(() => world.close());

  /** What the catalog and the Metadata Server make of an application file and a request. */
  const specOf = (
    name: string,
    values: InputValues,
    uploads: Record<string, string> = {},
  ): ExperimentSpec => {
    const folder = path.join(EXAMPLES, name);
    const {
      files,
      $schema: _,
      ...definition
    } = applicationFileSchema.parse(
      JSON.parse(fs.readFileSync(path.join(folder, 'application.json'), 'utf8')),
    );
    const application = applicationSchema.parse({
      ...definition,
      files: files.map((file) => ({
        path: file,
        ...world.content(fs.readFileSync(path.join(folder, file), 'utf8')),
      })),
    });
    const products = new Map<string, DataProduct>();
    const given = { ...values };
    for (const [input, file] of Object.entries(uploads)) {
      const content = world.content(fs.readFileSync(file, 'utf8'));
      const product = { name: path.basename(file), sha256: content.sha256 };
      const id = dataProductIdOf({ gateway: 'default', ...product });
      products.set(id, { id, ...product, bytes: content.bytes, contentType: 'text/plain' });
      given[input] = id;
    }
    const resolved = resolveInputs(application.inputs, given, (id) => products.get(id));
    if ('errors' in resolved) throw new Error(JSON.stringify(resolved.errors));
    const { command, outputs, walltimeSeconds, attemptsMax } = application;
    return {
      application: { name: application.name, version: application.version },
      command,
      files: application.files,
      inputs: [...resolved.inputs],
      outputs,
      walltimeSeconds,
      attemptsMax,
    };
  };
  const run = async (name: string, values: InputValues = {}, uploads: Record<string, string> = {}) => {
    const spec = specOf(name, values, uploads);
    const id = await world.submit(spec.command, spec);
    const process = await world.until(id, 'COMPLETED', 'FAILED');
    const text = (output: string): string => {
      const found = process.outputs.find((candidate) => candidate.name === output);
      return found === undefined ? '' : world.storedText(found.sha256);
    };
    return { process, text };
  };

  it.each(names)('%s is a registrable application under its own name, with a README', (name) => {
    const application = specOf(
      name,
      {},
      {
        ...(name === 'word-count' ? { text: path.join(EXAMPLES, name, 'README.md') } : {}),
      },
    );
    expect(application.application.name).toBe(name);
    const file = applicationFileSchema.parse(
      JSON.parse(fs.readFileSync(path.join(EXAMPLES, name, 'application.json'), 'utf8')),
    );
    expect(applicationFaults(file)).toEqual([]);
    expect(fs.existsSync(path.join(EXAMPLES, name, 'README.md'))).toBe(true);
  });

  it('word-count says what wc says', async () => {
    const file = path.join(EXAMPLES, 'climate-trend', 'README.md');
    const [lines, words, bytes] = execFileSync('wc', ['-lwc', file], { encoding: 'utf8' })
      .trim()
      .split(/\s+/)
      .map(Number);
    const { process, text } = await run('word-count', { top: 3 }, { text: file });
    expect(process.status).toBe('COMPLETED');
    expect(text('stdout')).toBe(`${words}\n`);
    const counts = JSON.parse(text('counts')) as { mostFrequent: { word: string }[] };
    expect(counts).toMatchObject({ lines, words, bytes });
    expect(counts.mostFrequent).toHaveLength(3);
    expect(counts.mostFrequent[0]).toMatchObject({ word: 'the' });
  });

  it('climate-trend finds the growth and the season that Mauna Loa is known for', async () => {
    const { process, text } = await run('climate-trend');
    expect(process).toMatchObject({ status: 'COMPLETED' });
    const summary = JSON.parse(text('summary')) as {
      seasonalRange: number;
      growthPerYear: { decade: string; value: number }[];
    };
    expect(summary).toMatchObject({ months: 521, highestMonth: 'May', lowestMonth: 'Oct' });
    expect(summary.seasonalRange).toBeCloseTo(6, 0);
    const growth = new Map(summary.growthPerYear.map(({ decade, value }) => [decade, value]));
    expect(growth.get('1960s')).toBeCloseTo(0.9, 0);
    expect(growth.get('1990s')).toBeCloseTo(1.6, 0);
    expect(text('series').split('\n')).toHaveLength(523);
  });

  it('climate-trend takes another series, and says what is wrong with one that is none', async () => {
    const made = path.join(world.root, 'made.csv');
    const rows = Array.from({ length: 60 }, (_, month) => {
      const time = month / 12;
      return `${2000 + Math.floor(time)},${(month % 12) + 1},${100 + 2 * time + Math.sin(2 * Math.PI * time)}`;
    });
    fs.writeFileSync(made, `year,month,value\n${rows.join('\n')}\n`);
    const right = await run('climate-trend', {}, { series: made });
    const summary = JSON.parse(right.text('summary')) as Record<string, unknown>;
    expect(summary).toMatchObject({ growthPerYear: [{ decade: '2000s', value: 2 }], seasonalRange: 2 });
    expect(summary.rootMeanSquareRemainder).toBe(0);
    fs.writeFileSync(made, 'year,month,value\n2000,13,1\n');
    const wrong = await run('climate-trend', {}, { series: made });
    expect(wrong.process).toMatchObject({ status: 'FAILED', reasonCode: 'APP_EXIT_NONZERO' });
    expect(wrong.text('stderr')).toContain('line 2');
  });

  it('monte-carlo-pi repeats itself by its seed alone', async () => {
    const runs = await Promise.all([7, 7, 8].map((seed) => run('monte-carlo-pi', { points: 200_000, seed })));
    const [first, again, other] = runs.map(({ text }) => text('estimate'));
    expect(first).toBe(again);
    expect(first).not.toBe(other);
    const { error, standardError } = JSON.parse(first ?? '') as { error: number; standardError: number };
    expect(Math.abs(error)).toBeLessThan(4 * standardError);
  });

  it('the drills do what they are told', async () => {
    const [nothing, waited, failed, killed] = await Promise.all([
      run('true'),
      run('sleep', { seconds: 0.1 }),
      run('exit-code', { code: 3 }),
      run('exit-code', { signal: 'SIGKILL' }),
    ]);
    expect(nothing.process.status).toBe('COMPLETED');
    expect(waited.text('stdout')).toBe('0.1 of 0.1 s\n');
    expect(failed.process).toMatchObject({ status: 'FAILED', jobs: [{ exitCode: 3 }] });
    expect(failed.text('note')).toBe('about to end with exit code 3\n');
    expect(killed.process).toMatchObject({ reasonCode: 'APP_SIGNALED', jobs: [{ signal: 9 }] });
  });
});

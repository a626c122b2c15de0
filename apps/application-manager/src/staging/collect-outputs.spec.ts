/** Outputs collected from a real job directory: which files a pattern takes, and which it must never reach. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { nodeClock, nodeDisk, nodeFileTree, nodeProcesses, nodeRandom } from '@tidemark/platform/node';
import { ContentStore } from '@tidemark/service';
import { LocalTransport } from '../launchers/local-transport.js';
import { COMMAND_PATH, WRAPPER_PATH } from '../testing/real-jobs.js';
import { collectOutputs, type Collected } from './collect-outputs.js';

const token = 'job-collectspec-0-1';
const experiment = { id: `exp_${'0'.repeat(26)}`, gateway: 'default' };

describe('collectOutputs', () => {
  let root: string;
  let directory: string;
  beforeEach(() => {
    root = fs.mkdtempSync(path.join(os.tmpdir(), 'tidemark-collect-'));
    directory = path.join(root, 'jobs', token);
    fs.mkdirSync(path.join(directory, '.tidemark-job'), { recursive: true });
    fs.writeFileSync(path.join(root, 'canary'), 'secret');
  });
  afterEach(() => fs.rmSync(root, { recursive: true }));

  const write = (name: string, text = name): void => {
    fs.mkdirSync(path.dirname(path.join(directory, name)), { recursive: true });
    fs.writeFileSync(path.join(directory, name), text);
  };
  const collect = (pattern: string, outputBytesMax = 1000): Promise<Collected> =>
    collectOutputs(
      {
        transport: new LocalTransport({
          disk: nodeDisk,
          files: nodeFileTree,
          processes: nodeProcesses,
          jobsDirectory: path.join(root, 'jobs'),
          wrapperPath: WRAPPER_PATH,
          commandPath: COMMAND_PATH,
        }),
        store: new ContentStore({
          disk: nodeDisk,
          clock: nodeClock,
          random: nodeRandom,
          directory: path.join(root, 'content'),
        }),
        experiment,
        token,
        outputBytesMax,
      },
      [{ name: 'found', path: pattern, required: true }],
    );
  const paths = ({ outputs }: Collected): string[] => outputs.map((output) => output.path);

  it.each([
    ['a.txt', ['a.txt']],
    ['*.txt', ['a.txt', 'b.txt']],
    ['*', ['a.txt', 'b.txt', 'c.csv']],
    ['out/*', ['out/1.dat', 'out/2.dat']],
    ['*/*.dat', ['more/3.dat', 'out/1.dat', 'out/2.dat']],
    ['*t*t', ['a.txt', 'b.txt']],
    ['*.txt*.txt', []],
    ['out', []],
    ['nothing/*', []],
  ])('finds %s', async (pattern, expected) => {
    for (const name of ['a.txt', 'b.txt', 'c.csv', '.hidden', 'out/1.dat', 'out/2.dat', 'more/3.dat'])
      write(name);
    const collected = await collect(pattern);
    expect(paths(collected)).toEqual(expected);
    expect(collected.missing).toHaveLength(expected.length === 0 ? 1 : 0);
  });

  it.each([
    [
      'a link to a file',
      'link',
      () => fs.symlinkSync(path.join(root, 'canary'), path.join(directory, 'link')),
    ],
    ['a linked folder', 'folder/canary', () => fs.symlinkSync(root, path.join(directory, 'folder'))],
    ['a linked folder among matches', '*/canary', () => fs.symlinkSync(root, path.join(directory, 'folder'))],
    ['a directory', 'link', () => fs.mkdirSync(path.join(directory, 'link'))],
  ])('does not follow %s', async (_, pattern, make) => {
    make();
    const collected = await collect(pattern);
    expect(paths(collected)).toEqual([]);
    expect(collected.missing).toHaveLength(1);
  });

  it('refuses what is too large and names that no event may carry, and keeps the rest', async () => {
    write('small.txt', 'x');
    write('large.txt', 'x'.repeat(1001));
    write('two\nlines.txt', 'x');
    const collected = await collect('*.txt');
    expect(paths(collected)).toEqual(['small.txt']);
    expect(collected.faults).toHaveLength(2);
  });

  it('is not slowed down by a hostile pattern and name', async () => {
    write('a'.repeat(200));
    expect(paths(await collect(`${'*a'.repeat(100)}*b`))).toEqual([]);
  });
});

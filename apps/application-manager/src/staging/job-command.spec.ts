/** The command line that inputs are put into: nothing in them is ever read as more than text. */
import type { ExperimentSpec } from '@tidemark/contracts';
import { jobCommand } from './job-command.js';

const sha256 = 'a'.repeat(64);
const file = (name: string): { dataProductId: string; name: string; sha256: string; bytes: number } => ({
  dataProductId: `dp_${'0'.repeat(26)}`,
  name,
  sha256,
  bytes: 1,
});
const spec = (more: Partial<ExperimentSpec>): ExperimentSpec => ({
  application: { name: 'spec', version: '1' },
  command: ['node', '{app}/main.mjs', '{input:text}', '--factor={input:factor}', '--label={input:label}'],
  files: [{ path: 'main.mjs', sha256, bytes: 1 }],
  inputs: [],
  outputs: [],
  walltimeSeconds: 60,
  attemptsMax: 1,
  ...more,
});

describe('jobCommand', () => {
  it('puts values into arguments and leaves out arguments whose input was not given', () => {
    const inputs: ExperimentSpec['inputs'] = [
      { name: 'text', type: 'URI', file: file('my words.TXT') },
      { name: 'factor', type: 'FLOAT', value: 0.5 },
    ];
    const { argv, files } = jobCommand(spec({ inputs }));
    expect(argv).toEqual(['node', 'app/main.mjs', 'inputs/text.TXT', '--factor=0.5']);
    expect(files.map(({ path, mode }) => [path, mode])).toEqual([
      ['app/main.mjs', 0o555],
      ['inputs/text.TXT', 0o444],
    ]);
  });

  it.each(['$(id)', '`id`', '; rm -rf /', 'a\nb', '--wrap=x', '{app}', '{input:text}', '%n', '🌊', '\'"\\'])(
    'keeps %j one argument',
    (value) => {
      const { argv } = jobCommand(spec({ inputs: [{ name: 'label', type: 'STRING', value }] }));
      expect(argv).toEqual(['node', 'app/main.mjs', `--label=${value}`]);
    },
  );

  it.each([
    ['../../etc/passwd', 'inputs/text'],
    ['a.tar.gz', 'inputs/text.gz'],
    ['x.$(id)', 'inputs/text'],
    ['x.a/b', 'inputs/text'],
    ['.bashrc', 'inputs/text.bashrc'],
    ['x.', 'inputs/text'],
    ['x.averylongsuffix', 'inputs/text'],
    ['x.é', 'inputs/text'],
  ])('takes of the file name %j at most its suffix', (name, path) => {
    const { files } = jobCommand(spec({ inputs: [{ name: 'text', type: 'URI', file: file(name) }] }));
    expect(files[1]?.path).toBe(path);
  });

  it('gives the environment to the program alone, and not what the wrapper goes by', () => {
    const environment = { LD_PRELOAD: '/x.so', TIDEMARK_JOB_TOKEN: 'job-other', MODE: 'a b' };
    const { argv } = jobCommand(spec({ command: ['prog'], environment }));
    expect(argv).toEqual(['env', 'LD_PRELOAD=/x.so', 'MODE=a b', 'prog']);
  });

  it('has the same hash for the same run, another for another', () => {
    const label = (value: string): ExperimentSpec =>
      spec({ inputs: [{ name: 'label', type: 'STRING', value }] });
    expect(jobCommand(label('a')).specSha256).toBe(jobCommand(label('a')).specSha256);
    expect(jobCommand(label('a')).specSha256).not.toBe(jobCommand(label('b')).specSha256);
  });
});

// The supervisor as processes of their own, as users start and kill them: needs `npm run build` (as `npm test` does).
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeProcesses } from '@tidemark/platform/node';
import type { Home } from '../stack/home.js';
import type { ProcessRow } from './process-plan.js';
import { livingProcesses, readState } from './state-file.js';
import { makeHome, removeHome, until } from './testing/fake-stack.js';

const built = (file: string): string => fileURLToPath(new URL(`../../dist/${file}`, import.meta.url));

interface Run {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  output: string;
  errors: string;
}

// Real processes on a machine that may be busy.
jest.setTimeout(90_000);

describe('up, ps, kill and down as processes', () => {
  let home: Home;
  let runs: Run[];

  beforeEach(() => {
    if (!fs.existsSync(built('main.js'))) throw new Error('not built: npm run build');
    home = makeHome();
    runs = [];
  });

  afterEach(async () => {
    for (const { child, ended } of runs) {
      child.kill('SIGTERM');
      await ended;
    }
    removeHome(home);
  });

  const run = (file: string, ...args: string[]): Run => {
    const environment = { ...process.env, TIDEMARK_HOME: home.root, NODE_OPTIONS: '' };
    const child = spawn(process.execPath, [built(file), ...args], { env: environment, stdio: 'pipe' });
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    const made: Run = { child, ended, output: '', errors: '' };
    child.stdout.on('data', (chunk: Buffer) => (made.output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (made.errors += chunk.toString()));
    runs.push(made);
    return made;
  };
  const up = async (...args: string[]): Promise<Run> => {
    const made = run('supervisor/testing/fake-up.js', ...args);
    await until(
      () => made.output,
      (output) => output !== '',
      30_000,
    );
    return made;
  };
  const cli = async (...args: string[]): Promise<{ code: number | null; output: string; errors: string }> => {
    const made = run('main.js', ...args);
    return { code: await made.ended, output: made.output, errors: made.errors };
  };
  const ps = async (): Promise<ProcessRow[]> =>
    JSON.parse((await cli('ps', '--json')).output) as ProcessRow[];
  const pids = (rows: readonly ProcessRow[]): (number | null)[] => rows.map((row) => row.pid);

  it('lets the second up in a home go with one clear line', async () => {
    const first = await up();
    const second = await up();
    expect(second.output).toBe(
      `${home.root} already has a running supervisor (pid ${first.child.pid}): ` +
        'see "tidemark ps" and "tidemark down"\n',
    );
    expect(await second.ended).toBe(1);
    expect((await ps()).map((row) => row.state)).toEqual(['running', 'running']);
  });

  it('lets exactly one of two simultaneous ups have the home', async () => {
    const outputs = (await Promise.all([up(), up()])).map((made) => made.output);
    expect(outputs.filter((output) => output === 'up\n')).toHaveLength(1);
    expect(outputs.filter((output) => output.includes('already has a running supervisor'))).toHaveLength(1);
  });

  it('goes on without its supervisor, is adopted by the next, and ends with down', async () => {
    const first = await up();
    const before = await ps();
    first.child.kill('SIGKILL');
    await first.ended;
    expect(await ps()).toEqual(before);

    await up();
    expect(pids(await ps())).toEqual(pids(before));
    expect((await cli('down')).code).toBe(0);
    expect(livingProcesses(readState(home))).toEqual([]);
    expect(pids(before).map((pid) => nodeProcesses.identify(pid ?? 0))).toEqual([undefined, undefined]);
  });

  it('is ended by down even when nobody supervises it', async () => {
    const first = await up();
    first.child.kill('SIGKILL');
    await first.ended;
    const { code, output } = await cli('down', '--json');
    expect([code, JSON.parse(output)]).toEqual([0, { down: true, canceled: [], jobsRunning: [] }]);
    expect(livingProcesses(readState(home))).toEqual([]);
  });

  it('keeps a process down that was killed by the command, until start', async () => {
    await up();
    expect(await cli('kill', 'api-server-1')).toMatchObject({
      code: 0,
      output: 'sent SIGKILL to api-server-1\n',
    });
    const states = async (): Promise<string[]> => (await ps()).map((row) => row.state);
    expect(await states()).toEqual(['killed', 'running']);
    expect((await cli('start', 'api-server-1')).code).toBe(0);
    expect(await states()).toEqual(['running', 'running']);
    expect(await cli('kill', 'broker-9')).toMatchObject({
      code: 1,
      errors: expect.stringContaining(
        "there is no process 'broker-9'; there are: api-server-1, front-door-1",
      ) as unknown,
    });
  });

  it('starts afresh only when nothing of the history is in use', async () => {
    const first = await up();
    const kept = path.join(home.dataDirectory, 'history');
    fs.writeFileSync(kept, 'x');
    first.child.kill('SIGKILL');
    await first.ended;
    expect((await up('--fresh')).output).toBe(
      '--fresh: api-server-1, front-door-1 still run; "tidemark down" first\n',
    );
    await cli('down');

    const claim = path.join(home.jobsDirectory, `job-${'0'.repeat(26)}-0-1`, '.tidemark-job', 'claim');
    fs.mkdirSync(claim, { recursive: true });
    fs.writeFileSync(path.join(claim, 'owner'), JSON.stringify(nodeProcesses.identify(process.pid)));
    expect((await up('--fresh')).output).toContain('--fresh: 1 job(s) still run');
    expect(fs.existsSync(kept)).toBe(true);
    const { output } = await cli('down');
    expect(output).toContain(`exp_${'0'.repeat(26)} goes on`);

    fs.writeFileSync(path.join(path.dirname(claim), 'exit.json'), '{}');
    expect((await up('--fresh')).output).toBe('up\n');
    expect(fs.existsSync(kept)).toBe(false);
  });

  it('says in one line that there is no stack', async () => {
    fs.rmSync(home.statePath, { force: true });
    expect(await cli('ps')).toEqual({
      code: 1,
      output: '',
      errors: `tidemark: no stack in ${home.root}: start one with "tidemark up"\n`,
    });
  });
});

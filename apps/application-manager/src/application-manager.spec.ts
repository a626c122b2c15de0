/**
 * Application managers over memory topics with real jobs of a real shell: the whole way of a job, and what a restart,
 * a cancel, a kill and a replay leave of it.
 */
import { jest } from '@jest/globals';
import fs from 'node:fs';
import path from 'node:path';
import { jobTokenOf } from '@tidemark/contracts';
import { ManagerWorld } from './testing/manager-world.js';
import { eventually, everythingOf, kill, processesOf } from './testing/real-jobs.js';

jest.setTimeout(60_000);

describe('application managers with real jobs', () => {
  let world: ManagerWorld;
  beforeEach(() => (world = new ManagerWorld()));
  afterEach(() => world.close());

  const node = (script: string): string[] => ['node', '-e', script];
  const shell = (script: string): string[] => ['/bin/sh', '-c', script];
  const tokenOf = (id: string, attempt = 1): string => jobTokenOf(id, 0, attempt);
  const fileOf = (id: string, name: string, attempt = 1): string =>
    path.join(world.jobsDirectory, tokenOf(id, attempt), '.tidemark-job', name);

  it('runs a job from its launch to its outputs', async () => {
    await world.start('application-manager-1');
    const script = world.content(
      `const fs = require('fs'); const [,, file, factor] = process.argv;
       const sum = fs.readFileSync(file, 'utf8').trim().split(' ').reduce((a, b) => a + Number(b), 0);
       fs.mkdirSync('out'); fs.writeFileSync('out/a.txt', String(sum)); fs.writeFileSync('out/b.txt', String(sum * factor));
       console.log(sum * factor); console.error('done');`,
    );
    const input = world.content('1 2 3\n');
    const id = await world.submit(['node', '{app}/sum.cjs', '{input:numbers}', '{input:factor}'], {
      files: [{ path: 'sum.cjs', ...script }],
      inputs: [
        {
          name: 'numbers',
          type: 'URI',
          file: { dataProductId: `dp_${'0'.repeat(26)}`, name: 'my numbers.txt', ...input },
        },
        { name: 'factor', type: 'INTEGER', value: 7 },
      ],
      outputs: [{ name: 'results', path: 'out/*.txt', required: true }],
    });
    const process = await world.until(id, 'COMPLETED', 'FAILED');
    expect(process).toMatchObject({ status: 'COMPLETED', reasonCode: 'OK' });
    expect(process.outputs.map(({ name, path, bytes }) => [name, path, bytes])).toEqual([
      ['results', 'out/a.txt', 1],
      ['results', 'out/b.txt', 2],
      ['stdout', 'stdout', 3],
      ['stderr', 'stderr', 5],
    ]);
    expect(process.outputs.map(({ sha256 }) => world.storedText(sha256))).toEqual([
      '6',
      '42',
      '42\n',
      'done\n',
    ]);
    expect(world.published(id, 'stdout')).toEqual({ text: '42\n', again: 0 });
    expect(world.applied(id)).toEqual([
      'ExperimentCreated',
      'ExperimentValidated',
      'ExperimentLaunched',
      'ProcessAccepted',
      'TaskStarted',
      'TaskCompleted',
      'TaskStarted',
      'InputStaged',
      'InputStaged',
      'TaskCompleted',
      'TaskStarted',
      'JobLaunchIntended',
      'JobSubmitted',
      'TaskCompleted',
      'TaskStarted',
      ...world.applied(id).slice(15, -9),
      'JobExited',
      'TaskCompleted',
      'TaskStarted',
      'OutputStaged',
      'OutputStaged',
      'OutputStaged',
      'OutputStaged',
      'TaskCompleted',
      'ProcessCompleted',
    ]);
    expect(world.history(id).told.every(({ outcome }) => outcome === 'applied')).toBe(true);
    expect(fs.existsSync(fileOf(id, 'duplicates'))).toBe(false);
    await eventually('nothing left', () => everythingOf(tokenOf(id)).length === 0);
  });

  it.each([
    ['exits with 3', shell('echo partial; exit 3'), 'APP_EXIT_NONZERO', { exitCode: 3, signal: 0 }],
    ['is killed from outside', shell('kill -9 $$'), 'APP_SIGNALED', { exitCode: 137, signal: 9 }],
    ['runs too long', shell('sleep 60'), 'WALLTIME', { signal: 15 }],
    ['is not there', ['no-such-program'], 'APP_EXIT_NONZERO', { exitCode: 127 }],
    ['does not write what it must', shell('true'), 'OUTPUT_MISSING', { exitCode: 0 }],
  ])('fails a job that %s, and keeps its output', async (_, command, reasonCode, job) => {
    await world.start('application-manager-1');
    const id = await world.submit(command, {
      walltimeSeconds: 1,
      outputs: [{ name: 'result', path: 'result.json', required: true }],
    });
    const process = await world.until(id, 'COMPLETED', 'FAILED');
    expect(process).toMatchObject({ status: 'FAILED', reasonCode });
    expect(process.jobs).toHaveLength(1);
    expect(process.jobs[0]).toMatchObject(job);
    expect(process.outputs.map(({ name }) => name)).toEqual(['stdout', 'stderr']);
  });

  it('refuses links and names that lead out of the directory', async () => {
    await world.start('application-manager-1');
    fs.writeFileSync(path.join(world.root, 'canary'), 'secret');
    const id = await world.submit(
      shell(
        `ln -s ${world.root}/canary link.txt; ln -s ${world.root} folder; mkfifo pipe.txt; echo fine > real.txt`,
      ),
      {
        outputs: [
          { name: 'texts', path: '*.txt', required: true },
          { name: 'through', path: 'folder/canary', required: false },
          { name: 'direct', path: 'link.txt', required: false },
        ],
      },
    );
    const process = await world.until(id, 'COMPLETED', 'FAILED');
    expect(process.outputs.filter(({ role }) => role === 'output').map(({ path }) => path)).toEqual([
      'real.txt',
    ]);
    expect(process).toMatchObject({ status: 'FAILED', reasonCode: 'STAGING_OUT_FAILED' });
    expect(process.detail).toContain('link.txt is link');
  });

  it('fails a process whose input is not what its hash says, without launching it', async () => {
    await world.start('application-manager-1');
    const { sha256, bytes } = world.content('right');
    fs.writeFileSync(path.join(world.root, 'content', 'sha256', sha256.slice(0, 2), sha256), 'wrong');
    const id = await world.submit(node('1'), {
      inputs: [
        {
          name: 'text',
          type: 'URI',
          file: { dataProductId: `dp_${'0'.repeat(26)}`, name: 'a', sha256, bytes },
        },
      ],
    });
    const process = await world.until(id, 'FAILED');
    expect(process).toMatchObject({ reasonCode: 'STAGING_IN_FAILED', jobs: [] });
    expect(world.applied(id).filter((type) => type === 'TaskFailed')).toHaveLength(4);
  });

  it('cancels a running job: its processes are gone, its output is kept', async () => {
    await world.start('application-manager-1');
    const id = await world.submit(shell('echo begun; sleep 600 & setsid sleep 600 & sleep 600'));
    await world.untilJob(id, 'ACTIVE');
    await eventually('its processes', () => processesOf(tokenOf(id)).length >= 4);
    await world.requestCancel(id);
    const process = await world.until(id, 'CANCELED');
    expect(processesOf(tokenOf(id))).toEqual([]);
    expect(process.jobs[0]).toMatchObject({ status: 'CANCELED', reasonCode: 'CANCELED_BY_USER' });
    expect(process.outputs.map(({ sha256 }) => world.storedText(sha256))).toEqual(['begun\n', '']);
  });

  it('cancels what waits for a slot without ever starting it', async () => {
    const manager = await world.start('application-manager-1', { slots: 1 });
    const running = await world.submit(shell('sleep 600'));
    await world.untilJob(running, 'ACTIVE');
    const waiting = await world.submit(shell('echo ran > ran'));
    await eventually('it is seen to wait', async () =>
      /tidemark_jobs_waiting\S* 1/.test(await manager.health.registry.metrics()),
    );
    await world.requestCancel(waiting);
    await world.until(waiting, 'CANCELED');
    expect(world.process(waiting).jobs).toEqual([]);
    await world.requestCancel(running);
    await world.until(running, 'CANCELED');
    expect(fs.existsSync(path.join(world.jobsDirectory, tokenOf(waiting), 'ran'))).toBe(false);
  });

  it('lets offset order decide when a cancel comes after the end', async () => {
    await world.start('application-manager-1');
    const id = await world.submit(shell('true'), { outputs: [] });
    await world.untilJob(id, 'COMPLETE');
    await world.requestCancel(id);
    expect(['COMPLETED']).toContain((await world.until(id, 'COMPLETED', 'CANCELED')).status);
  });

  it('never has more jobs than slots', async () => {
    await Promise.all([1, 2].map((n) => world.start(`application-manager-${n}`, { slots: 2 })));
    const script = `${world.root}/running`;
    fs.mkdirSync(script);
    const ids = await Promise.all(
      Array.from({ length: 8 }, () =>
        world.submit(shell(`mkdir ${script}/$$; ls ${script} | wc -l; sleep 0.1; rmdir ${script}/$$`)),
      ),
    );
    for (const id of ids) await world.until(id, 'COMPLETED');
    const seen = ids.map((id) => Number(world.published(id, 'stdout').text));
    expect(Math.max(...seen)).toBe(2);
  });

  it('re-attaches after a restart and reads the exit code', async () => {
    const first = await world.start('application-manager-1');
    const id = await world.submit(
      shell('echo one; while [ ! -e go ]; do sleep 0.02; done; echo two; exit 5'),
    );
    await world.untilJob(id, 'ACTIVE');
    await eventually('output', () => world.published(id, 'stdout').text === 'one\n');
    await first.crash();
    await world.start('application-manager-2');
    await eventually('taken over', () => world.applied(id).includes('ProcessTakenOver'));
    fs.writeFileSync(path.join(world.jobsDirectory, tokenOf(id), 'go'), '');
    const process = await world.until(id, 'FAILED', 'COMPLETED');
    expect(process).toMatchObject({ status: 'FAILED', reasonCode: 'APP_EXIT_NONZERO' });
    expect(process.jobs).toHaveLength(1);
    expect(process.jobs[0]).toMatchObject({ exitCode: 5 });
    expect(world.published(id, 'stdout')).toEqual({ text: 'one\ntwo\n', again: 0 });
    expect(fs.existsSync(fileOf(id, 'duplicates'))).toBe(false);
  });

  it('finds the exit record of a job that ended while nobody was there', async () => {
    const first = await world.start('application-manager-1');
    const id = await world.submit(shell('while [ ! -e go ]; do sleep 0.02; done; echo done'));
    await world.untilJob(id, 'ACTIVE');
    await first.crash();
    fs.writeFileSync(path.join(world.jobsDirectory, tokenOf(id), 'go'), '');
    await eventually('the exit record', () => fs.existsSync(fileOf(id, 'exit.json')));
    await world.start('application-manager-2');
    await world.until(id, 'COMPLETED');
    expect(world.published(id, 'stdout')).toEqual({ text: 'done\n', again: 0 });
  });

  it('calls a job lost whose wrapper was killed, ends its processes and frees its slot', async () => {
    await world.start('application-manager-1', { slots: 1 });
    const id = await world.submit(shell('echo begun; sleep 600 & sleep 600'));
    const job = await world.untilJob(id, 'ACTIVE');
    kill(Number(job.externalId));
    const process = await world.until(id, 'FAILED', 'COMPLETED');
    expect(process).toMatchObject({ status: 'FAILED', reasonCode: 'LOST' });
    expect(process.jobs).toHaveLength(1);
    expect(processesOf(tokenOf(id))).toEqual([]);
    await world.until(await world.submit(shell('true')), 'COMPLETED');
  });

  it('launches nothing again when the log is replayed', async () => {
    const first = await world.start('application-manager-1');
    const id = await world.submit(shell('true'));
    await world.until(id, 'COMPLETED');
    await first.drain();
    const before = world.history(id).told.length;
    const second = await world.start('application-manager-2');
    const next = await world.submit(shell('true'));
    await world.until(next, 'COMPLETED');
    expect(world.history(id).told).toHaveLength(before);
    expect(await second.health.registry.metrics()).toMatch(/tidemark_job_launches_total\S* 1\n/);
  });
});

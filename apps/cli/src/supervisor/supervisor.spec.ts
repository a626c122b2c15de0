/** The supervisor over real processes: order, restarts, giving up, stopping, and adoption after its own death. */
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import fs from 'node:fs';
import { nodeProcesses } from '@tidemark/platform/node';
import { Fault } from '../console/fault.js';
import { logPathOf, runFileOf, type Home } from '../stack/home.js';
import type { ProcessPlan, ProcessRow } from './process-plan.js';
import { livingProcesses, readState, writeState } from './state-file.js';
import { endProcesses, Supervisor } from './supervisor.js';
import { fakePlan, makeHome, NO_PORTS, removeHome, until } from './testing/fake-stack.js';

// Real processes on a machine that may be busy.
jest.setTimeout(90_000);

describe('Supervisor', () => {
  let home: Home;
  let supervisors: Supervisor[];
  let lines: string[];

  beforeEach(() => {
    home = makeHome();
    supervisors = [];
    lines = [];
  });

  afterEach(async () => {
    await Promise.all(supervisors.map((supervisor) => supervisor.shutDown()));
    removeHome(home);
  });

  const supervise = (...plans: ProcessPlan[]): Supervisor => {
    const supervisor = new Supervisor(home, NO_PORTS, plans, (line) => lines.push(line));
    supervisors.push(supervisor);
    return supervisor;
  };
  const rowOf = (supervisor: Supervisor, name: string): ProcessRow => {
    const row = supervisor.list().find((one) => one.name === name);
    if (row === undefined) throw new Error(`no ${name}`);
    return row;
  };

  it('starts each process after those that it needs, and shows what is ready', async () => {
    const supervisor = supervise(
      fakePlan(home, 'a-1', { mode: 'slow' }),
      fakePlan(home, 'b-1', { after: ['a-1'] }),
    );
    await supervisor.bringUp();
    expect(supervisor.list().map(({ name, state }) => [name, state])).toEqual([
      ['a-1', 'running'],
      ['b-1', 'running'],
    ]);
    expect(rowOf(supervisor, 'a-1').address).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(lines).toEqual(['a-1: ready', 'b-1: ready']);
  });

  it('starts what needs most of several when most are ready, and tells who is missing', async () => {
    const names = ['broker-1', 'broker-2', 'broker-3'];
    const supervisor = supervise(
      fakePlan(home, 'broker-1'),
      fakePlan(home, 'broker-2', { mode: 'fault' }),
      fakePlan(home, 'broker-3'),
      fakePlan(home, 'c-1', { afterMostOf: names }),
    );
    await supervisor.bringUp();
    expect(supervisor.list().map(({ state }) => state)).toEqual(['running', 'failed', 'running', 'running']);
    expect(lines.at(-1)).toMatch(/^broker-2: not ready \(failed\), and the stack does without it/);
  });

  it('does not come up without most of them', async () => {
    const supervisor = supervise(
      fakePlan(home, 'broker-1', { mode: 'fault' }),
      fakePlan(home, 'broker-2', { mode: 'fault' }),
      fakePlan(home, 'broker-3'),
      fakePlan(home, 'c-1', { afterMostOf: ['broker-1', 'broker-2', 'broker-3'] }),
    );
    await expect(supervisor.bringUp()).rejects.toThrow(/^broker-[12] does not start/);
    expect(rowOf(supervisor, 'c-1').state).toBe('stopped');
  });

  it('takes in one more, and lets one go for good', async () => {
    const supervisor = supervise(fakePlan(home, 'a-1'));
    await supervisor.bringUp();
    supervisor.add(fakePlan(home, 'a-2'), NO_PORTS);
    await until(
      () => rowOf(supervisor, 'a-2').state,
      (state) => state === 'running',
    );
    expect(readState(home)?.processes.map(({ name }) => name)).toEqual(['a-1', 'a-2']);
    await supervisor.remove('a-1');
    expect(readState(home)?.processes.map(({ name }) => name)).toEqual(['a-2']);
  });

  it('starts again what crashes, with another pid', async () => {
    const supervisor = supervise(fakePlan(home, 'a-1'));
    await supervisor.bringUp();
    const { pid } = rowOf(supervisor, 'a-1');
    process.kill(pid ?? 0, 'SIGKILL');
    const row = await until(
      () => rowOf(supervisor, 'a-1'),
      (now) => now.state === 'running' && now.pid !== pid,
    );
    expect(row.pid).not.toBeNull();
    expect(lines.some((line) => line.includes('ended by SIGKILL; starting it again'))).toBe(true);
  });

  it.each(['SIGKILL', 'SIGTERM'] as const)(
    'leaves down what was killed on purpose by %s until start',
    async (signal) => {
      const supervisor = supervise(fakePlan(home, 'a-1'), fakePlan(home, 'b-1'));
      await supervisor.bringUp();
      supervisor.kill('a-1', signal);
      await until(
        () => rowOf(supervisor, 'a-1').state,
        (state) => state === 'killed',
      );
      // Longer than the first restart would take: b-1, crashing at the same time, is back already.
      process.kill(rowOf(supervisor, 'b-1').pid ?? 0, 'SIGKILL');
      await until(
        () => lines.filter((line) => line === 'b-1: ready').length,
        (count) => count === 2,
      );
      expect(rowOf(supervisor, 'a-1')).toMatchObject({ state: 'killed', pid: null });
      expect(() => supervisor.kill('a-1', signal)).toThrow(Fault);
      supervisor.start('a-1');
      await until(
        () => rowOf(supervisor, 'a-1').state,
        (state) => state === 'running',
      );
    },
  );

  it('pauses and resumes without taking it for dead', async () => {
    const supervisor = supervise(fakePlan(home, 'a-1'));
    await supervisor.bringUp();
    const { pid } = rowOf(supervisor, 'a-1');
    supervisor.kill('a-1', 'SIGSTOP');
    expect(rowOf(supervisor, 'a-1').state).toBe('paused');
    supervisor.kill('a-1', 'SIGCONT');
    const row = await until(
      () => rowOf(supervisor, 'a-1'),
      (now) => now.state === 'running',
    );
    expect(row.pid).toBe(pid);
  });

  it('gives up on a start that keeps crashing, with the reason and the end of the log', async () => {
    const supervisor = supervise(fakePlan(home, 'a-1', { mode: 'crash' }));
    await expect(supervisor.bringUp()).rejects.toMatchObject({
      message: `a-1 does not start: exited with code 3 (log: ${logPathOf(home, 'a-1')})`,
      detail: expect.arrayContaining(['a-1 starts']) as unknown,
    });
  });

  it('does not try again what says that its configuration is wrong', async () => {
    const supervisor = supervise(fakePlan(home, 'a-1', { mode: 'fault' }));
    await expect(supervisor.bringUp()).rejects.toMatchObject({
      detail: ['a-1 starts', 'FAKE_SETTING must be a number'],
    });
    expect(rowOf(supervisor, 'a-1').state).toBe('failed');
  });

  it('kills what does not stop in its time, and stops in order', async () => {
    const supervisor = supervise(
      fakePlan(home, 'a-1', { mode: 'stubborn', stopBoundMs: 200 }),
      fakePlan(home, 'b-1', { stopWave: 2 }),
    );
    await supervisor.bringUp();
    const pids = supervisor.list().map((row) => row.pid ?? 0);
    lines.length = 0;
    await supervisor.shutDown();
    expect(lines).toEqual(['a-1: did not stop in time and was killed']);
    expect(pids.map((pid) => nodeProcesses.identify(pid))).toEqual([undefined, undefined]);
    expect(supervisor.list().map((row) => row.state)).toEqual(['stopped', 'stopped']);
  });

  it('stops even what was paused', async () => {
    const supervisor = supervise(fakePlan(home, 'a-1'));
    await supervisor.bringUp();
    supervisor.kill('a-1', 'SIGSTOP');
    await supervisor.shutDown();
    expect(livingProcesses(readState(home))).toEqual([]);
  });

  describe('after the supervisor was killed', () => {
    it('adopts what runs, restarts it when it crashes, and ends what is planned no more', async () => {
      const first = supervise(fakePlan(home, 'a-1'), fakePlan(home, 'b-1'));
      await first.bringUp();
      const pid = rowOf(first, 'a-1').pid;
      const strayPid = rowOf(first, 'b-1').pid ?? 0;
      first.abandon();

      const second = supervise(fakePlan(home, 'a-1'));
      await second.bringUp();
      expect(rowOf(second, 'a-1')).toMatchObject({ pid, state: 'running' });
      expect(nodeProcesses.identify(strayPid)).toBeUndefined();

      process.kill(pid ?? 0, 'SIGKILL');
      await until(
        () => rowOf(second, 'a-1'),
        (row) => row.state === 'running' && row.pid !== pid,
      );
    });

    it('never adopts a stranger who got the pid', async () => {
      const first = supervise(fakePlan(home, 'a-1'));
      await first.bringUp();
      const state = readState(home);
      await first.shutDown();
      const self = nodeProcesses.identify(process.pid);
      if (state === undefined || self === undefined) throw new Error('no state');
      // The pid of this very process, with another start time: as after a wrap-around of pids.
      const identity = { ...self, startTime: self.startTime - 1 };
      writeState(home, { ...state, processes: state.processes.map((one) => ({ ...one, identity })) });

      const second = supervise(fakePlan(home, 'a-1'));
      await second.bringUp();
      expect(rowOf(second, 'a-1').pid).not.toBe(process.pid);
    });

    it('can be ended without any supervisor', async () => {
      const first = supervise(
        fakePlan(home, 'a-1', { mode: 'stubborn', stopBoundMs: 100 }),
        fakePlan(home, 'b-1'),
      );
      await first.bringUp();
      first.abandon();
      await endProcesses(home, livingProcesses(readState(home)), () => undefined);
      expect(livingProcesses(readState(home))).toEqual([]);
      expect(fs.readdirSync(home.runDirectory)).toEqual([]);
    });
  });

  it('keeps a run file of its own making in step for processes that write none', async () => {
    const { environment, ...plan } = fakePlan(home, 'a-1');
    const silent = { ...environment, TIDEMARK_RUN_FILE: runFileOf(home, 'elsewhere') };
    const supervisor = supervise({
      ...plan,
      environment: silent,
      publishedAddresses: { http: '127.0.0.1:1' },
      probe: () => Promise.resolve(true),
    });
    await supervisor.bringUp();
    const run = JSON.parse(fs.readFileSync(runFileOf(home, 'a-1'), 'utf8')) as { pid: number };
    expect(run.pid).toBe(rowOf(supervisor, 'a-1').pid);
    await supervisor.shutDown();
    expect(fs.readdirSync(home.runDirectory)).not.toContain('a-1.json');
  });
});

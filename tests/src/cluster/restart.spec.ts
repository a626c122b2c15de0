// The stack goes down and comes up again under a running job: the job runs on, is re-attached, and ends as if nothing
// had happened; a supervisor that was killed is succeeded by the next `up`.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../harness/eventually.js';
import { Stack } from '../harness/stack.js';

describe('a stack that goes down and comes up', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await Stack.up();
  }, 180_000);
  afterAll(() => stack.destroy(), 120_000);

  it('re-attaches a running job', async () => {
    const { body } = await stack.submit('sleep', { seconds: 25 }, 'over-the-restart');
    const id = String(body.id);
    const { processes } = await stack.until(id, ['EXECUTING']);
    const job = join(stack.home, 'jobs', processes[0]?.jobs[0]?.token ?? '', '.tidemark-job');
    await eventually(() => existsSync(join(job, 'started.json')));
    const { childPid: child } = JSON.parse(readFileSync(join(job, 'started.json'), 'utf8')) as {
      childPid: number;
    };
    expect(await stack.down()).toContain(id);
    expect(readdirSync(join(stack.home, 'run'))).toEqual([]);
    process.kill(child, 0);
    await stack.upAgain();
    const ended = await stack.until(id, ['COMPLETED', 'FAILED', 'CANCELED'], 60_000);
    expect([ended.status, ended.exitCode, ended.processes[0]?.jobs.length]).toEqual(['COMPLETED', 0, 1]);
    expect(existsSync(join(job, 'duplicates'))).toBe(false);
  }, 240_000);

  it('logs in lines that are alike, whichever process writes them', () => {
    const logs = join(stack.home, 'logs');
    const names = readdirSync(logs).filter((name) => !/^(?:postgres|supervisor)/.test(name));
    expect(names.length).toBeGreaterThanOrEqual(8);
    for (const file of names) {
      const lines = readFileSync(join(logs, file), 'utf8').split('\n').slice(0, -1);
      const written = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
      for (const line of written) {
        expect(line).toMatchObject({
          name: file.replace(/\..*/, ''),
          level: expect.stringMatching(/^(?:trace|debug|info|warn|error|fatal)$/) as unknown,
          time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]{12}Z$/) as unknown,
          msg: expect.any(String) as unknown,
        });
      }
      // A quiet front door says nothing at all.
      if (!file.startsWith('front-door')) expect(written.length).toBeGreaterThan(0);
    }
  });

  it('is adopted when its supervisor was killed', async () => {
    const before = await stack.ps();
    const { pid } = JSON.parse(readFileSync(join(stack.home, 'supervisor.json'), 'utf8')) as { pid: number };
    process.kill(pid, 'SIGKILL');
    await stack.upAgain();
    const after = await stack.ps();
    expect(after.map((row) => [row.name, row.pid])).toEqual(before.map((row) => [row.name, row.pid]));
  }, 120_000);

  it('leaves a process alone that was killed on purpose, until it is started', async () => {
    expect((await stack.cli(['kill', 'api-server-1'])).status).toBe(0);
    const stateOf = async (): Promise<string | undefined> =>
      (await stack.ps()).find(({ name }) => name === 'api-server-1')?.state;
    await eventually(async () => (await stateOf()) !== 'running');
    expect((await stack.http('GET', '/v1/experiments')).status).toBe(200);
    expect((await stack.cli(['start', 'api-server-1'])).status).toBe(0);
    await eventually(async () => (await stateOf()) === 'running', 30_000);
  }, 90_000);
});

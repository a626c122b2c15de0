/** The door to child processes with real ones: starting, knowing again, ending. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ProcessError } from '../processes.js';
import { nodeProcesses } from './node-processes.js';

let directory: string;
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tidemark-processes-'));
});
afterEach(() => {
  fs.rmSync(directory, { recursive: true, force: true });
});

const environment = { PATH: '/usr/bin:/bin', GREETING: 'a; "b" $c' };

describe('nodeProcesses', () => {
  it('starts a program without a shell, with its own environment, appending its output', async () => {
    const out = path.join(directory, 'out');
    fs.writeFileSync(out, 'before\n');
    const child = await nodeProcesses.spawn(
      process.execPath,
      ['-e', 'console.log(process.env.GREETING, process.argv[1], process.cwd()); process.exit(3)', '$HOME'],
      { directory, environment, stdoutPath: out, stderrPath: out, detached: false },
    );
    expect(await child.exited).toEqual({ exitCode: 3, signal: null });
    expect(fs.readFileSync(out, 'utf8')).toBe(`before\n${environment.GREETING} $HOME ${directory}\n`);
  });

  it('knows a process by pid and start time until it is gone', async () => {
    const child = await nodeProcesses.spawn('sleep', ['60'], { directory, environment, detached: true });
    const identity = nodeProcesses.identify(child.pid)!;
    expect(identity.pid).toBe(child.pid);
    expect(nodeProcesses.isAlive(identity)).toBe(true);
    expect(nodeProcesses.isAlive({ ...identity, startTime: identity.startTime - 1 })).toBe(false);
    expect(nodeProcesses.isAlive({ ...identity, bootId: 'another' })).toBe(false);
    // Detached, it leads its own group, so the group can be signalled.
    expect(nodeProcesses.signal(-child.pid, 'SIGKILL')).toBe(true);
    expect(await child.exited).toEqual({ exitCode: null, signal: 'SIGKILL' });
    expect(nodeProcesses.isAlive(identity)).toBe(false);
    expect(nodeProcesses.signal(child.pid, 'SIGTERM')).toBe(false);
  });

  it('takes a zombie for dead', async () => {
    // The shell's child exits at once, and `sleep`, which takes the shell's place, never reaps it.
    const parent = spawn('sh', ['-c', 'true & echo $!; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    try {
      const line = await new Promise<Buffer>((resolve) => parent.stdout.once('data', resolve));
      const zombie = Number(line.toString());
      const stat = (): string => {
        try {
          return fs.readFileSync(`/proc/${zombie}/stat`, 'latin1');
        } catch {
          return '';
        }
      };
      while (stat() !== '' && !stat().includes(') Z')) await new Promise((resolve) => setImmediate(resolve));
      expect(nodeProcesses.identify(zombie)).toBeUndefined();
    } finally {
      parent.kill('SIGKILL');
    }
  });

  it.each([
    ['not-found', '/no/such/program', {}],
    ['not-found', 'true', { directory: '/no/such/directory' }],
    ['no-permission', '/', {}],
  ])('reports %s for %s', async (code, file, change) => {
    const starting = nodeProcesses.spawn(file, [], { directory, environment, detached: false, ...change });
    await expect(starting).rejects.toBeInstanceOf(ProcessError);
    await expect(starting).rejects.toMatchObject({ code });
  });
});

describe('file descriptors', () => {
  it('are as many as the system says, where it does', () => {
    const max = nodeProcesses.descriptorsMax();
    if (process.platform === 'linux') expect(max).toBeGreaterThan(16);
    else expect(max === undefined || max > 0).toBe(true);
  });
});

/** Jobs that live though nobody watches them, found by real claims and processes. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { nodeProcesses } from '@tidemark/platform/node';
import type { Home } from '../stack/home.js';
import { livingJobs, requestCancel } from './living-jobs.js';
import { makeHome, removeHome } from './testing/fake-stack.js';

const TOKEN = 'job-00000000000000000000000000-0-1';

describe('living jobs', () => {
  let home: Home;
  let child: ChildProcess;

  beforeEach(() => {
    home = makeHome();
    child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
  });

  afterEach(() => {
    child.kill('SIGKILL');
    removeHome(home);
  });

  const record = (name: string, content: unknown): void => {
    const file = path.join(home.jobsDirectory, TOKEN, '.tidemark-job', name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, JSON.stringify(content));
  };
  const claim = (owner: unknown): void => record('claim/owner', owner);
  const living = () => nodeProcesses.identify(child.pid ?? 0);
  const dead = () => ({ ...living(), startTime: (living()?.startTime ?? 0) - 1 });
  const tokens = (): string[] => livingJobs(home).map((job) => job.token);

  it('sees none where nothing was claimed', () => {
    record('script', 'x');
    expect(tokens()).toEqual([]);
  });

  it('names a job whose wrapper lives, and its pid', () => {
    claim(living());
    record('started.json', { ...living(), childPid: 1, childStartTime: 0, childGroup: 0 });
    expect(livingJobs(home)).toMatchObject([{ token: TOKEN, pid: child.pid }]);
  });

  it('counts a job as alive whose wrapper is dead and whose group lives', () => {
    claim(dead());
    record('started.json', { ...dead(), childPid: 999_999, childStartTime: 0, childGroup: child.pid });
    expect(tokens()).toEqual([TOKEN]);
  });

  it.each([
    ['has an exit record', () => record('exit.json', { exitCode: 0 })],
    ['was found lost', () => record('lost', {})],
    ['was revoked before it ran', () => claim({ revokedBy: 'application-manager-1', revokedAtMs: 1 })],
    ['ran on another boot', () => claim({ ...living(), bootId: 'another' })],
    ['has a pid that went to a stranger', () => claim(dead())],
  ])('knows that a job has ended that %s', (_name, make) => {
    claim(living());
    make();
    expect(tokens()).toEqual([]);
  });

  it('gives a claim without an owner a minute, in doubt for the job', () => {
    const directory = path.join(home.jobsDirectory, TOKEN, '.tidemark-job', 'claim');
    fs.mkdirSync(directory, { recursive: true });
    expect(tokens()).toEqual([TOKEN]);
    const longAgo = new Date(Date.now() - 61_000);
    fs.utimesSync(directory, longAgo, longAgo);
    expect(tokens()).toEqual([]);
  });

  it('asks the wrapper to cancel by the file that it looks for', () => {
    claim(living());
    livingJobs(home).forEach(requestCancel);
    expect(fs.existsSync(path.join(home.jobsDirectory, TOKEN, '.tidemark-job', 'cancel'))).toBe(true);
  });
});

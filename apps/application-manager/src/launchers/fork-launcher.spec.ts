/**
 * The fork launcher and its wrapper with real processes: what is started, what is ended, and which verdict every
 * death of job, wrapper or manager leaves.
 */
import fs from 'node:fs';
import path from 'node:path';
import { judge } from '../jobs/verdict.js';
import {
  COMMAND_PATH,
  eventually,
  everythingOf,
  kill,
  processesOf,
  realJobs,
  type RealJobs,
} from '../testing/real-jobs.js';
import type { ForkLauncher } from './fork-launcher.js';

describe('ForkLauncher with real processes', () => {
  let jobs: RealJobs;
  let count = 0;
  let token: string;
  beforeEach(() => {
    jobs = realJobs();
    count += 1;
    token = `job-spec${process.pid}x${count}-0-1`;
  });
  afterEach(() => jobs.close());

  const launch = async (
    launcher: ForkLauncher,
    argv: [string, ...string[]],
    { walltimeS = 0, environment = {} } = {},
  ): Promise<string> => {
    await launcher.prepare(token);
    const submission = await launcher.submit({
      token,
      argv,
      walltimeS,
      environment: { PATH: COMMAND_PATH, ...environment },
    });
    expect(submission.kind).toBe('accepted');
    return submission.kind === 'accepted' ? submission.externalId : '';
  };
  const shell = (script: string): [string, ...string[]] => ['/bin/sh', '-c', script];
  const observe = async (launcher: ForkLauncher, knownStarted = false) => {
    const [evidence] = await launcher.observe([{ token, knownStarted }]);
    return { evidence: evidence!, ...judge(evidence!) };
  };
  const verdictBecomes = (launcher: ForkLauncher, verdict: string, knownStarted = false) =>
    eventually(verdict, async () => {
      const seen = await observe(launcher, knownStarted);
      return seen.verdict === verdict && seen.evidence;
    });
  const nothingLeft = () => eventually('no process left', () => everythingOf(token).length === 0);
  const CORE = 'sh cat date dd env grep mkdir mv sleep sync touch true uname wc'.split(' ');
  /** A search path with these commands and no others. */
  const machineWith = (...commands: string[]): string => {
    const bin = path.join(jobs.directory, 'bin');
    fs.mkdirSync(bin);
    for (const name of commands) {
      const folder = COMMAND_PATH.split(':').find((candidate) => fs.existsSync(path.join(candidate, name)));
      fs.symlinkSync(path.join(folder!, name), path.join(bin, name));
    }
    return bin;
  };
  const text = (name: string): string => fs.readFileSync(jobs.file(token, name), 'utf8');

  it.each([
    ['exit 0', { exitCode: 0, signal: null, reason: 'EXITED' }],
    ['exit 3', { exitCode: 3, signal: null, reason: 'EXITED' }],
    ['exit 255', { exitCode: 255, signal: null, reason: 'EXITED' }],
    ['kill -9 $$', { exitCode: 137, signal: 9, reason: 'EXITED' }],
    ['kill -TERM $$', { exitCode: 143, signal: 15, reason: 'EXITED' }],
  ])('records how "%s" ended', async (script, record) => {
    const launcher = jobs.launcher();
    await launch(launcher, shell(script));
    const { exit } = await verdictBecomes(launcher, 'exited');
    expect(exit).toMatchObject(record);
    await nothingLeft();
  });

  it('tells of a program that is not there', async () => {
    const launcher = jobs.launcher();
    await launch(launcher, ['/no/such/program']);
    expect((await verdictBecomes(launcher, 'exited')).exit).toMatchObject({
      exitCode: 127,
      reason: 'EXITED',
    });
  });

  it('passes arguments on as they are and the environment as given, in the job directory', async () => {
    const launcher = jobs.launcher();
    const nasty = [
      'a b',
      '$(touch pwned)',
      '`touch pwned`',
      ';touch pwned',
      "'",
      '"',
      '\\',
      'line\nend',
      '',
      '-n',
      '--',
      '*',
      '&& touch pwned',
      '\u00e9\u{1f30a}',
    ];
    await launch(
      launcher,
      [
        process.execPath,
        '-e',
        'console.log(JSON.stringify([process.argv.slice(1), process.env, process.cwd()]))',
        '--',
        ...nasty,
      ],
      { environment: { GREETING: 'a;b $HOME' } },
    );
    await verdictBecomes(launcher, 'exited');
    const [argv, environment, directory] = JSON.parse(text('stdout')) as [string[], object, string];
    expect(argv).toEqual(nasty);
    expect(directory).toBe(path.join(jobs.directory, token));
    expect(fs.readdirSync(directory)).toEqual(['.tidemark-job']);
    expect(environment).toMatchObject({ GREETING: 'a;b $HOME', TIDEMARK_JOB_TOKEN: token });
    expect(Object.keys(environment).sort()).toEqual(['GREETING', 'PATH', 'PWD', 'TIDEMARK_JOB_TOKEN']);
  });

  it('runs one of many racing submissions', async () => {
    const launchers = Array.from({ length: 6 }, () => jobs.launcher());
    await launchers[0]!.prepare(token);
    await Promise.all(launchers.map((launcher) => launch(launcher, shell('echo once >> ran; sleep 0.2'))));
    await verdictBecomes(launchers[0]!, 'exited');
    await nothingLeft();
    expect(fs.readFileSync(path.join(jobs.directory, token, 'ran'), 'utf8')).toBe('once\n');
    expect(text('duplicates').trim().split('\n')).toHaveLength(5);
  });

  it('never starts an attempt that was revoked, and cannot revoke one that runs', async () => {
    const launcher = jobs.launcher();
    await launcher.prepare(token);
    expect((await observe(launcher)).verdict).toBe('try-revoke');
    expect(await launcher.revoke(token, 'manager-2')).toBe(true);
    await launch(launcher, shell('echo ran > ran'));
    await eventually('the wrapper leaves', () => fs.existsSync(jobs.file(token, 'duplicates')));
    await nothingLeft();
    expect((await observe(launcher)).verdict).toBe('revoked');
    expect(fs.existsSync(path.join(jobs.directory, token, 'ran'))).toBe(false);
  });

  it('lets a successor re-attach: it sees it run, and its end', async () => {
    const first = jobs.launcher();
    await launch(first, shell('while [ ! -e go ]; do sleep 0.02; done; exit 5'));
    const successor = jobs.launcher();
    await verdictBecomes(successor, 'running');
    expect(await successor.revoke(token, 'manager-2')).toBe(false);
    fs.writeFileSync(path.join(jobs.directory, token, 'go'), '');
    expect((await verdictBecomes(successor, 'exited', true)).exit).toMatchObject({ exitCode: 5 });
  });

  it('cancels what has not begun by revoking it, but never what the log says has run', async () => {
    const launcher = jobs.launcher();
    await launcher.prepare(token);
    expect(await launcher.cancel({ token, knownStarted: true }, 'manager-1')).toBe('over');
    expect(await launcher.cancel({ token, knownStarted: false }, 'manager-1')).toBe('revoked');
  });

  it('tells at once when a job of its own has ended', async () => {
    const launcher = jobs.launcher();
    await launch(launcher, shell('true'));
    await new Promise<void>((resolve) => launcher.onEnded(token, resolve));
    expect((await observe(launcher)).verdict).toBe('exited');
  });

  it('cancels so that the whole process group is gone, whoever asks', async () => {
    await launch(jobs.launcher(), shell('sleep 600 & sleep 600'));
    const successor = jobs.launcher();
    await verdictBecomes(successor, 'running');
    expect(await successor.cancel({ token, knownStarted: true }, 'manager-2')).toBe('asked');
    expect((await verdictBecomes(successor, 'exited')).exit).toMatchObject({
      signal: 15,
      reason: 'CANCELED',
    });
    await nothingLeft();
    expect(await successor.cancel({ token, knownStarted: true }, 'manager-2')).toBe('over');
  });

  it('kills what ignores TERM after the grace', async () => {
    const launcher = jobs.launcher();
    await launch(launcher, shell('trap "" TERM; echo deaf; while :; do sleep 0.1; done'));
    await eventually(
      'the trap is set',
      () => fs.existsSync(jobs.file(token, 'stdout')) && text('stdout') === 'deaf\n',
    );
    await verdictBecomes(launcher, 'running');
    await launcher.cancel({ token, knownStarted: true }, 'manager-1');
    expect((await verdictBecomes(launcher, 'exited')).exit).toMatchObject({ signal: 9, reason: 'CANCELED' });
    await nothingLeft();
  });

  it('cancels by the file alone, when no signal reaches the wrapper', async () => {
    const launcher = jobs.launcher();
    await launch(launcher, shell('sleep 600'));
    await verdictBecomes(launcher, 'running');
    fs.writeFileSync(jobs.file(token, 'cancel'), '');
    expect((await verdictBecomes(launcher, 'exited')).exit).toMatchObject({ reason: 'CANCELED' });
  });

  it('ends daemons that left the process group', async () => {
    const launcher = jobs.launcher();
    await launch(
      launcher,
      shell('setsid sleep 600 & setsid sh -c "sleep 600 & sleep 600" & sleep 0.2; exit 0'),
    );
    expect((await verdictBecomes(launcher, 'exited')).exit).toMatchObject({ exitCode: 0, reason: 'EXITED' });
    await nothingLeft();
  });

  it('ends a job at its walltime without any manager', async () => {
    const launcher = jobs.launcher();
    await launch(launcher, shell('sleep 600'), { walltimeS: 1 });
    expect((await verdictBecomes(launcher, 'exited')).exit).toMatchObject({ reason: 'WALLTIME', signal: 15 });
    await nothingLeft();
  });

  it('needs a shell, coreutils and grep alone, setsid not even', async () => {
    const bin = machineWith(...CORE, 'timeout');
    const launcher = jobs.launcher();
    await launch(launcher, shell('sleep 600 & sleep 600'), { environment: { PATH: bin } });
    const { started } = await verdictBecomes(launcher, 'running');
    expect(started!.childGroup).not.toBe(started!.pid);
    await launcher.cancel({ token, knownStarted: true }, 'manager-1');
    expect((await verdictBecomes(launcher, 'exited')).exit).toMatchObject({ signal: 15, reason: 'CANCELED' });
    await nothingLeft();
  });

  it('never starts a program for which no process group can be had', async () => {
    const bin = machineWith(...CORE);
    const launcher = jobs.launcher();
    await launch(launcher, shell('echo ran > ran'), { environment: { PATH: bin } });
    expect((await verdictBecomes(launcher, 'exited')).exit).toMatchObject({ reason: 'NOT_STARTED' });
    expect(fs.existsSync(path.join(jobs.directory, token, 'ran'))).toBe(false);
  });

  it('keeps the beginning of an output that is too long, and says so', async () => {
    const launcher = jobs.launcher({ streamBytesMax: 100_000 });
    await launch(launcher, shell('yes 0123456789 | head -c 3000000; echo end >&2'));
    expect((await verdictBecomes(launcher, 'exited')).exit).toMatchObject({ exitCode: 0, truncated: true });
    expect(fs.statSync(jobs.file(token, 'stdout')).size).toBe(100_000);
    expect(text('stderr')).toBe('end\n');
  });

  it('stops a job from writing a file beyond the limit', async () => {
    const launcher = jobs.launcher({ fileBytesMax: 1_000_000 });
    await launch(launcher, shell('yes > big'));
    expect((await verdictBecomes(launcher, 'exited')).exit).toMatchObject({ signal: 25 });
    expect(fs.statSync(path.join(jobs.directory, token, 'big')).size).toBeLessThanOrEqual(1_000_448);
  });

  it('calls a job lost whose wrapper was killed, and ends its orphans first', async () => {
    const first = jobs.launcher();
    const wrapper = Number(await launch(first, shell('sleep 600 & setsid sleep 600 & sleep 600')));
    await verdictBecomes(first, 'running');
    await eventually('its processes', () => processesOf(token).length >= 4);
    kill(wrapper);
    const successor = jobs.launcher();
    await verdictBecomes(successor, 'reap');
    expect(processesOf(token).length).toBeGreaterThan(0);
    expect(await successor.reap(token)).toBe(true);
    expect(processesOf(token)).toEqual([]);
    expect((await observe(successor)).verdict).toBe('lost');
  });

  it('does not reap under a living wrapper', async () => {
    const launcher = jobs.launcher();
    await launch(launcher, shell('sleep 600'));
    await verdictBecomes(launcher, 'running');
    expect(await launcher.reap(token)).toBe(false);
    expect((await observe(launcher)).verdict).toBe('running');
  });

  it('kills of the wrapper at any moment leave one of the known verdicts and no process', async () => {
    const verdicts = new Set<string>();
    for (const delayMs of [0, 2, 4, 6, 8, 10, 12, 15, 20, 30]) {
      token = `job-spec${process.pid}y${delayMs}-0-1`;
      const launcher = jobs.launcher();
      const wrapper = Number(await launch(launcher, shell('sleep 600')));
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      kill(wrapper);
      const successor = jobs.launcher();
      await eventually('the wrapper is gone', () => !everythingOf(token).includes(wrapper));
      let { verdict } = await observe(successor);
      if (verdict === 'try-revoke') expect(await successor.revoke(token, 'manager-2')).toBe(true);
      else if (verdict === 'reap') expect(await successor.reap(token)).toBe(true);
      ({ verdict } = await observe(successor));
      // A claim without a name stays undecided for a while: that wrapper died between two system calls.
      expect(['revoked', 'lost', 'starting']).toContain(verdict);
      verdicts.add(verdict);
      await nothingLeft();
    }
    expect(verdicts).toContain('lost');
  }, 60_000);

  it('does not take a missing or replaced folder for a job that never ran', async () => {
    const launcher = jobs.launcher();
    await launch(launcher, shell('rm -rf .tidemark-job; kill -9 $PPID; exit 0'));
    const successor = jobs.launcher();
    await verdictBecomes(successor, 'reap');
    expect(await successor.revoke(token, 'manager-2')).toBe(false);
    expect(await successor.cancel({ token, knownStarted: true }, 'manager-2')).toBe('over');
    expect(await successor.reap(token)).toBe(true);
    expect((await observe(successor)).verdict).toBe('lost');
  });
});

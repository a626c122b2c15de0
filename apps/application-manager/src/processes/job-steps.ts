/**
 * The steps that concern one attempt: launch it, watch it, cancel it. What they see in the job's files is told as an
 * observation first and then becomes a finding. They end as soon as there is something to decide, and begin again when
 * that has been folded; nothing is kept between two of them.
 */
import type { JobState } from '@tidemark/contracts';
import { assert, sleep, type Clock } from '@tidemark/platform';
import type { ExitRecord, StartedRecord } from '../jobs/job-records.js';
import type { JobWatch, Sight } from '../jobs/job-watch.js';
import type { Launcher } from '../launchers/launcher.js';
import type { LiveOutput } from '../output/live-output.js';
import { collectStreams, type CollectOptions } from '../staging/collect-outputs.js';
import { jobCommand } from '../staging/job-command.js';
import type { ExitFinding, Finding, StartFinding } from './findings.js';
import { isKnownStarted, type Step } from './next-step.js';
import type { Observations } from './observations.js';
import { clip } from './process-events.js';
import type { Told } from './steps.js';

export interface JobStepsOptions {
  readonly launcher: Launcher;
  readonly watch: JobWatch;
  readonly live: LiveOutput;
  readonly observations: Observations;
  readonly clock: Clock;
  /** Names this replica in revocations. */
  readonly replica: string;
  /** What the wrapper and the job see of the environment. */
  readonly environment: (token: string) => Readonly<Record<string, string>>;
  readonly collecting: (step: Step, token: string) => CollectOptions;
}

/** A cancelled job that has not ended by then is asked again. */
const CANCEL_AGAIN_MS = 15_000;
const PAUSE_MS = 1000;
const SOURCE = 'fork';

export class JobSteps {
  readonly #options: JobStepsOptions;

  constructor(options: JobStepsOptions) {
    this.#options = options;
  }

  async launch(step: Step, signal: AbortSignal): Promise<Told> {
    const { launcher, environment } = this.#options;
    const job = jobOf(step);
    const { argv } = jobCommand(step.spec);
    if (argv[0].startsWith('-')) return this.#rejected(step, 'a program whose name begins with "-"', false);
    signal.throwIfAborted();
    const submission = await launcher.submit({
      token: job.token,
      argv,
      environment: environment(job.token),
      walltimeS: step.spec.walltimeSeconds,
    });
    switch (submission.kind) {
      case 'accepted': {
        const { externalId } = submission;
        const cause = await this.#tellScheduler(step, `accepted as process ${externalId}`);
        return { cause, finding: { type: 'submitted', attempt: job.attempt, externalId } };
      }
      case 'rejected':
        return this.#rejected(step, submission.text, submission.retryable);
      case 'unknown': {
        const why = clip(submission.why);
        const cause = await this.#tellScheduler(step, `unknown: ${why}`);
        return { cause, finding: { type: 'launch-unknown', attempt: job.attempt, why } };
      }
    }
  }

  async watch(step: Step, signal: AbortSignal): Promise<Told> {
    const job = jobOf(step);
    const known = isKnownStarted(job);
    if (known) this.#follow(step, job);
    for (;;) {
      const told = await this.#handle(
        step,
        await this.#options.watch.until(job.token, known, signal),
        signal,
      );
      if (told !== undefined) return told;
    }
  }

  async cancel(step: Step, signal: AbortSignal): Promise<Told> {
    const { launcher, watch, clock, replica } = this.#options;
    const job = jobOf(step);
    for (;;) {
      const knownStarted = isKnownStarted(job);
      const answer = await launcher.cancel({ token: job.token, knownStarted }, replica);
      if (answer === 'revoked') return this.#revoked(step);
      if (answer === 'unreachable') {
        await sleep(clock, PAUSE_MS, signal);
        continue;
      }
      const patience = new AbortController();
      const timer = clock.setTimer(CANCEL_AGAIN_MS, () => patience.abort());
      try {
        const sight = await watch.until(job.token, true, AbortSignal.any([signal, patience.signal]));
        const told = await this.#handle(step, sight, signal);
        if (told !== undefined) return told;
      } catch (error) {
        if (!patience.signal.aborted || signal.aborted) throw error;
      } finally {
        timer.cancel();
      }
    }
  }

  /** Nothing: look again. */
  async #handle(step: Step, sight: Sight, signal: AbortSignal): Promise<Told | undefined> {
    const { launcher, clock, replica } = this.#options;
    const { token } = jobOf(step);
    const { exit, started } = sight.evidence;
    switch (sight.verdict) {
      case 'running':
        assert(started !== undefined, 'a job that is seen to run has a start record');
        return this.#started(step, started);
      case 'exited':
        assert(exit !== undefined, 'a job that has exited has an exit record');
        return this.#exited(step, exit, started);
      case 'revoked':
        return this.#revoked(step);
      case 'try-revoke':
        return (await launcher.revoke(token, replica)) ? this.#revoked(step) : undefined;
      case 'reap':
        if (!(await launcher.reap(token))) await sleep(clock, PAUSE_MS, signal);
        return undefined;
      case 'lost':
        return this.#lost(step, sight);
      case 'starting':
      case 'no-verdict':
        return undefined;
    }
  }

  async #started(step: Step, started: StartedRecord): Promise<Told> {
    const job = jobOf(step);
    const cause = await this.#tellStart(step, started);
    this.#follow(step, job);
    return { cause, finding: { type: 'started', attempt: job.attempt, start: startOf(started) } };
  }

  async #exited(step: Step, exit: ExitRecord, started: StartedRecord | undefined): Promise<Told> {
    const job = jobOf(step);
    const { attempt, token } = job;
    const { reason } = exit;
    const record = JSON.stringify(exit);
    const ofJob = { processIndex: step.process.index, attempt, token };
    if (started !== undefined && !isKnownStarted(job)) await this.#tellStart(step, started);
    const cause = await this.#options.observations.tell(step.experiment, 'ExitRecordObserved', {
      ...ofJob,
      record,
    });
    if (reason === 'NOT_STARTED') return { cause, finding: { type: 'revoked', attempt } };
    const { exitCode, signal, startedAt, endedAt } = exit;
    const found: ExitFinding = { exitCode, signal: signal ?? 0, reason, startedAt, endedAt };
    const ended = { attempt, start: started === undefined ? undefined : startOf(started) };
    const outputs = await this.#lastOutputs(step, job);
    return { cause, finding: { type: 'exited', exit: found, outputs, ...ended } };
  }

  async #lost(step: Step, { what, evidence }: Sight): Promise<Told> {
    const job = jobOf(step);
    await this.#options.launcher.markLost(job.token);
    const cause = await this.#tellScheduler(step, clip(JSON.stringify(evidence)));
    const outputs = await this.#lastOutputs(step, job);
    const start = evidence.started === undefined ? undefined : startOf(evidence.started);
    return { cause, finding: { type: 'lost', attempt: job.attempt, why: what, start, outputs } };
  }

  async #revoked(step: Step): Promise<Told> {
    const { attempt } = jobOf(step);
    const cause = await this.#options.observations.tell(step.experiment, 'EffectObserved', {
      processIndex: step.process.index,
      attempt,
      effect: 'revoke',
      raw: 'the claim is held by an application manager',
    });
    return { cause, finding: { type: 'revoked', attempt } };
  }

  async #rejected(step: Step, text: string, retryable: boolean): Promise<Told> {
    const { attempt } = jobOf(step);
    const cause = await this.#tellScheduler(step, `rejected: ${clip(text)}`);
    return { cause, finding: { type: 'rejected', attempt, text: clip(text), retryable } };
  }

  /** Of a process that is being cancelled: its job's end is its own, so what it has written must be told of before. */
  async #lastOutputs(step: Step, job: JobState): Promise<Extract<Finding, { type: 'lost' }>['outputs']> {
    if (step.process.status !== 'CANCELING') return undefined;
    this.#follow(step, job);
    await this.#options.live.finish(job.token);
    return collectStreams(this.#options.collecting(step, job.token));
  }

  #follow(step: Step, job: JobState): void {
    this.#options.live.follow(step.experiment, step.process.index, job);
  }

  #tellScheduler(step: Step, raw: string): Promise<string> {
    const { attempt, token } = jobOf(step);
    const ofJob = { processIndex: step.process.index, attempt, token };
    return this.#options.observations.tell(step.experiment, 'SchedulerObserved', {
      ...ofJob,
      source: SOURCE,
      raw,
    });
  }

  #tellStart(step: Step, started: StartedRecord): Promise<string> {
    const { attempt, token } = jobOf(step);
    const ofJob = { processIndex: step.process.index, attempt, token };
    const record = JSON.stringify(started);
    return this.#options.observations.tell(step.experiment, 'StartRecordObserved', { ...ofJob, record });
  }
}

function jobOf(step: Step): JobState {
  assert(step.job !== undefined, `the step "${step.do}" is about an attempt`);
  return step.job;
}

function startOf({ host, childPid, startedAt }: StartedRecord): StartFinding {
  return { host, pid: childPid, startedAt };
}

/**
 * Performs one step of a process and answers what was found, with the record that is the cause of what follows. Here are
 * all side effects of this service but the publishing of events; a step that is performed twice does no harm.
 */
import { isTerminal, jobTokenOf, type Task } from '@tidemark/contracts';
import { DiskError, ProcessError, type Clock } from '@tidemark/platform';
import type { Slots } from '../jobs/slots.js';
import type { Launcher } from '../launchers/launcher.js';
import { TransportError, type Transport } from '../launchers/transport.js';
import type { LiveOutput } from '../output/live-output.js';
import { collectOutputs, type CollectOptions } from '../staging/collect-outputs.js';
import { jobCommand } from '../staging/job-command.js';
import { stageFiles, StagingError, type ContentSource } from '../staging/stage-files.js';
import type { Finding } from './findings.js';
import type { JobSteps } from './job-steps.js';
import { attemptToStage, type Step } from './next-step.js';
import type { Observations } from './observations.js';
import { clip } from './process-events.js';

export interface Told {
  readonly finding: Finding;
  readonly cause: string;
}

export interface StepsOptions {
  readonly owner: string;
  readonly jobs: JobSteps;
  readonly slots: Slots;
  readonly launcher: Launcher;
  readonly transport: Transport;
  readonly store: ContentSource;
  readonly live: LiveOutput;
  readonly observations: Observations;
  readonly clock: Clock;
  readonly collecting: (step: Step, token: string) => CollectOptions;
}

export class Steps {
  readonly #options: StepsOptions;

  constructor(options: StepsOptions) {
    this.#options = options;
  }

  /** Rejects when topics cannot be reached, or with the signal's reason; the step is then to be performed again. */
  perform(step: Step, signal: AbortSignal): Promise<Told> {
    const { jobs } = this.#options;
    switch (step.do) {
      case 'accept':
        return Promise.resolve({ cause: step.cause, finding: { type: 'launched' } });
      case 'take-over':
        return this.#takeOver(step);
      case 'prepare':
        return this.#asTask(step, 'ENV_SETUP', (begunAt) => this.#prepare(step, begunAt));
      case 'stage':
        return this.#asTask(step, 'INPUT_STAGING', (begunAt) => this.#stage(step, begunAt, signal));
      case 'reserve':
        return this.#reserve(step, signal);
      case 'launch':
        return jobs.launch(step, signal);
      case 'watch':
        return jobs.watch(step, signal);
      case 'cancel':
        return jobs.cancel(step, signal);
      case 'confirm-cancel':
        return Promise.resolve({ cause: step.cause, finding: { type: 'nothing-alive' } });
      case 'collect':
        return this.#asTask(step, 'OUTPUT_STAGING', (begunAt) => this.#collect(step, begunAt));
      case 'give-up':
        return Promise.resolve({ cause: step.cause, finding: attemptsSpent(step) });
    }
  }

  async #takeOver(step: Step): Promise<Told> {
    const { owner, observations } = this.#options;
    const previous = step.process.owner;
    const cause = await observations.tell(step.experiment, 'OwnershipObserved', {
      processIndex: step.process.index,
      owner,
      ...(previous === undefined ? {} : { previous }),
    });
    return { cause, finding: { type: 'owned', owner } };
  }

  async #prepare(step: Step, begunAt: number): Promise<Told> {
    await this.#options.launcher.prepare(this.#tokenToStage(step));
    return this.#done(step, 'ENV_SETUP', 'the directory of the job is there', {
      type: 'prepared',
      durationMs: this.#since(begunAt),
    });
  }

  async #stage(step: Step, begunAt: number, signal: AbortSignal): Promise<Told> {
    const { launcher, transport, store } = this.#options;
    const token = this.#tokenToStage(step);
    const { files, specSha256 } = jobCommand(step.spec);
    await launcher.prepare(token);
    await stageFiles(transport, store, token, files);
    const durationMs = this.#since(begunAt);
    const again = step.process.status === 'REQUEUED';
    const slot = again ? await this.#waitForSlot(step, signal) : this.#slotAtOnce(step, signal);
    return this.#done(step, 'INPUT_STAGING', `${files.length} files are in place`, {
      type: 'staged',
      attempt: attemptToStage(step.process),
      specSha256,
      files: files.map(({ mode: _, ...file }) => file),
      slot,
      durationMs,
    });
  }

  async #reserve(step: Step, signal: AbortSignal): Promise<Told> {
    await this.#waitForSlot(step, signal);
    const { specSha256 } = jobCommand(step.spec);
    const attempt = attemptToStage(step.process);
    return this.#done(step, 'SLOT', 'a slot is taken', { type: 'slot-taken', attempt, specSha256 });
  }

  #slotAtOnce(step: Step, signal: AbortSignal): boolean {
    const token = this.#tokenToStage(step);
    if (!this.#options.slots.takeAtOnce(token)) return false;
    this.#keepSlot(step, token, signal);
    return true;
  }

  async #waitForSlot(step: Step, signal: AbortSignal): Promise<true> {
    const { slots, observations } = this.#options;
    const { experiment, process } = step;
    const token = this.#tokenToStage(step);
    const ofJob = { processIndex: process.index, attempt: attemptToStage(process), token };
    await slots.take(token, signal, () => {
      const raw = 'queued: every slot of this machine is taken';
      observations
        .tell(experiment, 'SchedulerObserved', { ...ofJob, source: 'slots', raw })
        .catch(() => undefined);
    });
    this.#keepSlot(step, token, signal);
    return true;
  }

  /** A process that ends before its attempt was intended leaves nothing by which anybody could see the slot is free. */
  #keepSlot({ process }: Step, token: string, signal: AbortSignal): void {
    const giveBackAtEnd = (): void => {
      if (isTerminal(process.status)) this.#options.slots.giveBack(token);
    };
    if (signal.aborted) giveBackAtEnd();
    else signal.addEventListener('abort', giveBackAtEnd, { once: true });
  }

  async #collect(step: Step, begunAt: number): Promise<Told> {
    const { live, collecting } = this.#options;
    const job = step.process.jobs.at(-1);
    if (job === undefined) throw new StagingError('there is no job whose outputs could be collected');
    live.follow(step.experiment, step.process.index, job);
    await live.finish(job.token);
    const collected = await collectOutputs(collecting(step, job.token), step.spec.outputs);
    return this.#done(step, 'OUTPUT_STAGING', clip(JSON.stringify(collected)), {
      type: 'collected',
      ...collected,
      durationMs: this.#since(begunAt),
    });
  }

  /** What the disk or the store refuse is a fact about the task; what the topics refuse is not. */
  async #asTask(step: Step, task: Task, work: (begunAt: number) => Promise<Told>): Promise<Told> {
    try {
      return await work(this.#options.clock.monotonic());
    } catch (error) {
      if (!isOfTheWorld(error)) throw error;
      const retryable = !(error instanceof DiskError && error.code === 'no-permission');
      const text = clip(error.message);
      return this.#done(step, task, text, { type: 'task-failed', task, error: text, retryable });
    }
  }

  async #done(step: Step, effect: string, raw: string, finding: Finding): Promise<Told> {
    const cause = await this.#options.observations.tell(step.experiment, 'EffectObserved', {
      processIndex: step.process.index,
      effect,
      raw,
    });
    return { cause, finding };
  }

  #tokenToStage({ experiment, process }: Step): string {
    return jobTokenOf(experiment.id, process.index, attemptToStage(process));
  }

  #since(begunAt: number): number {
    return Math.max(0, Math.round(this.#options.clock.monotonic() - begunAt));
  }
}

function isOfTheWorld(error: unknown): error is Error {
  return (
    error instanceof TransportError ||
    error instanceof StagingError ||
    error instanceof DiskError ||
    error instanceof ProcessError
  );
}

function attemptsSpent({ process, spec }: Step): Finding {
  const reasonCode = process.reasonCode ?? 'LAUNCH_NEVER_RAN';
  const detail = clip(
    `none of ${spec.attemptsMax} attempts could be launched: ${process.detail ?? reasonCode}`,
  );
  return { type: 'attempts-spent', reasonCode, detail };
}

/**
 * The one place where steps are performed: the driver of one owned partition. After each fold it asks `nextStep` what
 * each process needs and performs that, one step at a time for a process, many processes at once. It holds the steps in
 * hand and nothing else; when it is dropped, its successor asks the same question of the same state.
 *
 * What must hold: nothing is performed before the history has been read to its end; a step that the state does not call
 * for any more is aborted, and the next one begins only when it has let go.
 */
import { formatTime } from '@tidemark/contracts';
import { sleep, type Clock } from '@tidemark/platform';
import { describeError, type Logger, type OwnedPartition } from '@tidemark/service';
import type { ProcessCommand } from './findings.js';
import type { PartitionState } from './history.js';
import { nextStep, type Step } from './next-step.js';
import type { ProcessReply } from './process.decider.js';
import type { Steps, Told } from './steps.js';

export type OwnedProcesses = OwnedPartition<PartitionState, ProcessCommand, ProcessReply, never>;

export interface ProcessDriverOptions {
  readonly owned: OwnedProcesses;
  /** This ownership: `replica/incarnation`. */
  readonly owner: string;
  readonly steps: Steps;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Run {
  readonly key: string;
  readonly abort: AbortController;
  done: Promise<void>;
  ended: boolean;
}

const BACK_OFF_MS = 100;
const BACK_OFF_MAX_MS = 5000;

export class ProcessDriver {
  readonly #options: ProcessDriverOptions;
  /** By experiment, then by process index. */
  readonly #runs = new Map<string, Map<number, Run>>();
  readonly #dirty = new Set<string>();
  #deferred = false;

  constructor(options: ProcessDriverOptions) {
    this.#options = options;
    options.owned.signal.addEventListener('abort', () => this.stop(), { once: true });
    for (const experimentId of options.owned.state.experiments.keys()) this.folded(experimentId);
  }

  /** Something about this experiment was folded. Events of one batch are looked at together. */
  folded(experimentId: string): void {
    this.#dirty.add(experimentId);
    if (this.#deferred) return;
    this.#deferred = true;
    this.#options.clock.defer(() => {
      this.#deferred = false;
      const experiments = [...this.#dirty];
      this.#dirty.clear();
      if (this.#options.owned.signal.aborted) return;
      for (const id of experiments) this.#look(id);
    });
  }

  /** Lets go of everything; jobs go on running. */
  stop(): void {
    for (const runs of this.#runs.values()) for (const run of runs.values()) run.abort.abort();
    this.#runs.clear();
    this.#dirty.clear();
  }

  #look(experimentId: string): void {
    const experiment = this.#options.owned.state.experiments.get(experimentId);
    const runs = this.#runs.get(experimentId) ?? new Map<number, Run>();
    if (experiment === undefined) {
      for (const run of runs.values()) run.abort.abort();
      this.#runs.delete(experimentId);
      return;
    }
    this.#runs.set(experimentId, runs);
    for (const process of experiment.processes) {
      const step = nextStep(experiment, process, this.#options.owner);
      const run = runs.get(process.index);
      if (run !== undefined && !run.ended && run.key === step?.key) continue;
      run?.abort.abort();
      if (step !== undefined) runs.set(process.index, this.#begin(step, run?.done));
      else runs.delete(process.index);
    }
  }

  #begin(step: Step, previous: Promise<void> | undefined): Run {
    const run: Run = {
      key: step.key,
      abort: new AbortController(),
      done: Promise.resolve(),
      ended: false,
    };
    run.done = (previous ?? Promise.resolve())
      .then(() => this.#perform(step, run.abort.signal))
      .finally(() => {
        run.ended = true;
      });
    return run;
  }

  /** Until what was found has been decided, or the step is not called for any more. Never rejects. */
  async #perform(step: Step, signal: AbortSignal): Promise<void> {
    const { steps, clock, logger } = this.#options;
    let pauseMs = BACK_OFF_MS;
    const failures = step.process.taskFailures;
    let waitMs = failures === 0 ? 0 : Math.min(BACK_OFF_MS * 2 ** failures, BACK_OFF_MAX_MS);
    const isOver = (): boolean => signal.aborted;
    while (!isOver()) {
      try {
        if (waitMs > 0) await sleep(clock, waitMs, signal);
        const told = await steps.perform(step, signal);
        if (isOver() || (await this.#decide(step, told, signal))) return;
        // The fold does not take what the decision gave, or it was decided on another state: look once more.
        logger.warn({ experiment: step.experiment.id, step: step.do }, 'a step changed nothing; again');
      } catch (error) {
        if (isOver()) return;
        const fields = { experiment: step.experiment.id, step: step.do, error: describeError(error) };
        logger.warn(fields, 'a step could not be performed; again');
      }
      waitMs = pauseMs;
      pauseMs = Math.min(pauseMs * 2, BACK_OFF_MAX_MS);
    }
  }

  /** True when the state has moved on, false when the step is still what it calls for. */
  async #decide(step: Step, told: Told, signal: AbortSignal): Promise<boolean> {
    const { owned, owner, clock } = this.#options;
    const command: ProcessCommand = {
      experimentId: step.experiment.id,
      processIndex: step.process.index,
      owner,
      cause: told.cause,
      time: formatTime(clock.now()),
      finding: told.finding,
    };
    for (let pauseMs = BACK_OFF_MS; !signal.aborted; pauseMs = Math.min(pauseMs * 2, BACK_OFF_MAX_MS)) {
      const outcome = await owned.ask(command);
      if (!('failed' in outcome)) return !this.#isStillNext(step);
      if (outcome.failed === 'not-owner') return true;
      // In doubt or refused: the same command again writes the same events again, which then count once.
      await sleep(clock, pauseMs, signal);
    }
    return true;
  }

  #isStillNext(step: Step): boolean {
    const experiment = this.#options.owned.state.experiments.get(step.experiment.id);
    const process = experiment?.processes[step.process.index];
    if (experiment === undefined || process === undefined) return false;
    return nextStep(experiment, process, this.#options.owner)?.key === step.key;
  }
}

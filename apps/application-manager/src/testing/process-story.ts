/**
 * Stories of a process for specs: a history that grows by what is decided, as in the log, and the findings that usually
 * come, in their order.
 */
import { deepStrictEqual } from 'node:assert/strict';
import {
  formatTime,
  jobTokenOf,
  newMessage,
  type ExperimentSpec,
  type HistoryMessage,
  type ProcessState,
} from '@tidemark/contracts';
import { fold } from '@tidemark/decider';
import type { Finding, ProcessCommand } from '../processes/findings.js';
import type { HistoryEvent, PartitionState } from '../processes/history.js';
import { nextStep } from '../processes/next-step.js';
import { processDecider } from '../processes/process.decider.js';

export const id = `exp_${'0'.repeat(26)}`;
const application = { name: 'spec', version: '1' };
const spec: ExperimentSpec = {
  application,
  command: ['true'],
  files: [],
  inputs: [],
  outputs: [],
  walltimeSeconds: 60,
  attemptsMax: 2,
};
const time = formatTime(0);
export const token = (attempt: number): string => jobTokenOf(id, 0, attempt);
export const specSha256 = '0'.repeat(64);

/** A history that grows by what is decided, as in the log; `me` is the owner that decides. */
export class Story {
  readonly events: HistoryEvent[] = [];
  #count = 0;

  constructor() {
    this.byMetadata(
      newMessage(
        'ExperimentCreated',
        { name: 'x', application, inputs: {}, launch: true, bodyHash: specSha256 },
        this.#envelope(),
      ),
      newMessage('ExperimentValidated', { spec, catalogPosition: '' }, this.#envelope()),
      newMessage('ExperimentLaunched', { processCount: 1 }, this.#envelope()),
    );
  }

  byMetadata(...messages: HistoryMessage[]): this {
    for (const message of messages) this.events.push({ message, partition: 0 });
    return this;
  }

  cancel(): this {
    return this.byMetadata(newMessage('ExperimentCancelRequested', {}, this.#envelope()));
  }

  get state(): PartitionState {
    return fold(processDecider, this.events);
  }

  get process(): ProcessState {
    const process = this.state.experiments.get(id)?.processes[0];
    if (process === undefined) throw new Error('no process');
    return process;
  }

  /** What the owner would do next. */
  next(owner = 'manager-1/a'): string | undefined {
    const experiment = this.state.experiments.get(id);
    return experiment === undefined ? undefined : nextStep(experiment, this.process, owner)?.do;
  }

  decide(
    finding: Finding,
    owner = 'manager-1/a',
    cause = `tidemark.observations/0@${this.#count++}`,
  ): HistoryEvent[] {
    const command: ProcessCommand = { experimentId: id, processIndex: 0, owner, cause, time, finding };
    const decision = processDecider.decide(this.state, command);
    if ('rejected' in decision) throw new Error('nothing is ever rejected');
    deepStrictEqual(decision.reply, decision.events.length > 0 ? 'decided' : 'stale');
    return [...decision.events];
  }

  /** Decides and appends. */
  tell(finding: Finding, owner?: string, cause?: string): this {
    this.events.push(...this.decide(finding, owner, cause));
    return this;
  }

  #envelope(): Parameters<typeof newMessage>[2] {
    return { key: id, id: `metadata-${this.#count++}`, gateway: 'default', actor: 'admin', time };
  }
}

export const types = (events: readonly HistoryEvent[]): string[] =>
  events.map(({ message }) => {
    const { payload } = message;
    return 'task' in payload ? `${message.type}(${payload.task})` : message.type;
  });

export const launched: Finding = { type: 'launched' };
export const prepared: Finding = { type: 'prepared', durationMs: 1 };
export const staged = (attempt = 1, slot = true): Finding => ({
  type: 'staged',
  attempt,
  specSha256,
  files: [],
  slot,
  durationMs: 1,
});
export const submitted = (attempt = 1): Finding => ({ type: 'submitted', attempt, externalId: '7' });
export const start = { host: 'h', pid: 8, startedAt: time };
export const started: Finding = { type: 'started', attempt: 1, start };
export const exited = (exitCode: number, more: Partial<Finding & { type: 'exited' }> = {}): Finding => ({
  type: 'exited',
  attempt: 1,
  exit: { exitCode, signal: 0, reason: 'EXITED', startedAt: time, endedAt: time },
  ...more,
});
export const canceled = (more: Partial<Finding & { type: 'exited' }> = {}): Finding =>
  exited(143, {
    exit: { exitCode: 143, signal: 15, reason: 'CANCELED', startedAt: time, endedAt: time },
    ...more,
  });
export const collected = (more: Partial<Finding & { type: 'collected' }> = {}): Finding => ({
  type: 'collected',
  outputs: [],
  missing: [],
  faults: [],
  durationMs: 1,
  ...more,
});
export const intended = (): Story => new Story().tell(launched).tell(prepared).tell(staged());
export const running = (): Story => intended().tell(submitted()).tell(started);

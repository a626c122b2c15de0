/**
 * Writes histories for specs: messages with made-up envelopes, in offset order. Used by the specs of this library
 * only; nothing in it is exported.
 */
import { dataProductIdOf, eventIdOf, jobTokenOf } from '../ids.js';
import { type MessageOf, newMessage } from '../envelope/envelope.js';
import { foldExperiment, type FoldOutcome, type HistoryMessage } from '../experiment/evolve.js';
import type { ExperimentState } from '../experiment/state.js';
import type { HistoryEventType, PayloadInput } from '../messages/message-types.js';
import { EXPERIMENTS_TOPIC } from '../topics.js';

export const EXPERIMENT_ID = 'exp_0123456789abcdefghjkmnpqrs';
export const HASH = 'a'.repeat(64);
const TIME = '2026-01-31T12:00:00.000Z';

export function historyEvent<Type extends HistoryEventType>(
  type: Type,
  payload: PayloadInput<Type>,
  id: string = eventIdOf({ aggregate: EXPERIMENT_ID, type, cause: JSON.stringify(payload) }),
): MessageOf<Type> {
  return newMessage(type, payload, {
    key: EXPERIMENT_ID,
    id,
    gateway: 'default',
    actor: 'admin',
    cause: 'tidemark.commands/3@7',
    time: TIME,
  });
}

const ofJob = (attempt: number) => ({
  processIndex: 0,
  attempt,
  token: jobTokenOf(EXPERIMENT_ID, 0, attempt),
});

const exit = (attempt = 1, exitCode = 0, signal = 0) =>
  historyEvent('JobExited', {
    ...ofJob(attempt),
    exitCode,
    signal,
    reason: 'EXITED',
    startedAt: TIME,
    endedAt: TIME,
    evidence: [],
  });

/** One of each kind of event, by a short name. */
export const EVENTS = {
  created: () =>
    historyEvent('ExperimentCreated', {
      name: 'count',
      application: { name: 'word-count' },
      inputs: { text: 'dp_0123456789abcdefghjkmnpqrs' },
      launch: true,
      bodyHash: HASH,
    }),
  rejected: () =>
    historyEvent('ExperimentRejected', {
      errors: [{ pointer: '/inputs/text', code: 'required', message: 'x' }],
    }),
  validated: () =>
    historyEvent('ExperimentValidated', {
      spec: {
        application: { name: 'word-count', version: '1' },
        command: ['node', '{app}/word-count.mjs', '{input:text}'],
        files: [{ path: 'word-count.mjs', sha256: HASH, bytes: 10 }],
        inputs: [],
        outputs: [{ name: 'counts', path: 'counts.json', required: true }],
        walltimeSeconds: 60,
        attemptsMax: 3,
      },
      catalogPosition: 'tidemark.catalog/0@5',
    }),
  launched: () => historyEvent('ExperimentLaunched', { processCount: 1 }),
  started: () => historyEvent('ExperimentExecutionStarted', { processIndex: 0, attempt: 1 }),
  cancel: () => historyEvent('ExperimentCancelRequested', { reason: 'wrong input' }),
  completed: () => historyEvent('ExperimentCompleted', { exitCode: 0 }),
  failed: () => historyEvent('ExperimentFailed', { reasonCode: 'APP_EXIT_NONZERO', exitCode: 3 }),
  canceled: () => historyEvent('ExperimentCanceled', { reasonCode: 'CANCELED_BY_USER' }),
  accepted: () => historyEvent('ProcessAccepted', { processIndex: 0, owner: 'application-manager-1' }),
  takenOver: () =>
    historyEvent('ProcessTakenOver', {
      processIndex: 0,
      from: 'application-manager-1',
      to: 'application-manager-2',
    }),
  setUp: () => historyEvent('TaskStarted', { processIndex: 0, task: 'ENV_SETUP' }),
  stageIn: () => historyEvent('TaskStarted', { processIndex: 0, task: 'INPUT_STAGING' }),
  inputStaged: () =>
    historyEvent('InputStaged', { processIndex: 0, name: 'text', path: 'README.md', sha256: HASH, bytes: 3 }),
  intended: (attempt = 1) => historyEvent('JobLaunchIntended', { ...ofJob(attempt), specSha256: HASH }),
  submitted: (attempt = 1) => historyEvent('JobSubmitted', { ...ofJob(attempt), externalId: '4711' }),
  unknown: (attempt = 1) => historyEvent('JobLaunchUnknown', { ...ofJob(attempt), why: 'the manager died' }),
  revoked: (attempt = 1) => historyEvent('JobAttemptRevoked', ofJob(attempt)),
  refused: (retryable = true, attempt = 1) =>
    historyEvent('JobSubmissionRejected', { ...ofJob(attempt), text: 'no such program', retryable }),
  activated: (attempt = 1) =>
    historyEvent('JobActivated', { ...ofJob(attempt), host: 'here', pid: 4711, startedAt: TIME }),
  exited: exit,
  stopped: (attempt = 1) =>
    historyEvent('JobExited', {
      ...ofJob(attempt),
      exitCode: 143,
      signal: 15,
      reason: 'CANCELED',
      startedAt: TIME,
      endedAt: TIME,
      evidence: [],
    }),
  lost: (attempt = 1) => historyEvent('JobLost', { ...ofJob(attempt), why: 'gone', evidence: [] }),
  output: (experimentId = EXPERIMENT_ID) =>
    historyEvent('OutputStaged', {
      processIndex: 0,
      role: 'output',
      name: 'counts',
      path: 'counts.json',
      dataProductId: dataProductIdOf({ gateway: 'default', experimentId, name: 'counts', sha256: HASH }),
      sha256: HASH,
      bytes: 12,
    }),
  processCompleted: () => historyEvent('ProcessCompleted', { processIndex: 0 }),
  processFailed: () => historyEvent('ProcessFailed', { processIndex: 0, reasonCode: 'OUTPUT_MISSING' }),
  processCanceled: () => historyEvent('ProcessCanceled', { processIndex: 0, reasonCode: 'CANCELED_BY_USER' }),
};

/** Up to an experiment whose job is running. */
export const RUNNING = (): HistoryMessage[] => [
  EVENTS.created(),
  EVENTS.validated(),
  EVENTS.launched(),
  EVENTS.accepted(),
  EVENTS.setUp(),
  EVENTS.stageIn(),
  EVENTS.inputStaged(),
  EVENTS.intended(),
  EVENTS.submitted(),
  EVENTS.activated(),
  EVENTS.started(),
];

/** Folds a history that begins at offset 0 of partition 3, delivering each record `times`. */
export function foldHistory(
  history: readonly HistoryMessage[],
  times = 1,
): {
  readonly state: ExperimentState | undefined;
  readonly outcomes: FoldOutcome[];
} {
  let state: ExperimentState | undefined;
  const outcomes: FoldOutcome[] = [];
  history.forEach((message, offset) => {
    for (let time = 0; time < times; time += 1) {
      const folded = foldExperiment(state, message, { topic: EXPERIMENTS_TOPIC, partition: 3, offset });
      state = folded.state;
      outcomes.push(folded.outcome);
    }
  });
  return { state, outcomes };
}

/**
 * The fold of an experiment's history: total, pure in what it decides, the same for every reader. An event that the
 * tables do not allow, or whose id was seen, changes nothing; the outcome says which, so that the partition's owner
 * can count it. The state is updated in place and returned.
 */
import type { Message } from '../envelope/envelope.js';
import { EXPERIMENT_ID_PATTERN } from '../ids.js';
import {
  EXPERIMENT_EVENT_TYPES,
  type ExperimentOwnEventType,
  type HistoryEventType,
  type ProcessEventType,
  PROCESS_EVENT_TYPES,
} from '../messages/message-types.js';
import { type RecordReference, formatRecordReference } from '../position.js';
import { type ActiveExperimentStatus, nextExperimentStatus } from './experiment-table.js';
import { applyProcessEvent, cancelProcess } from './evolve-process.js';
import type { ExperimentState, ProcessState } from './state.js';
import { isTerminal } from './statuses.js';
import { REFUSED, STAY } from './table.js';

export type HistoryMessage = Message<HistoryEventType>;

/** `refused`: the tables do not allow it; `absorbed`: the experiment has ended; `orphan`: there is no such experiment. */
export type FoldOutcome = 'applied' | 'duplicate' | 'refused' | 'absorbed' | 'orphan';

export interface Folded {
  readonly state: ExperimentState | undefined;
  readonly outcome: FoldOutcome;
}

const PROCESS_TYPES: ReadonlySet<string> = new Set(Object.keys(PROCESS_EVENT_TYPES));
const HISTORY_TYPES: ReadonlySet<string> = new Set([
  ...Object.keys(EXPERIMENT_EVENT_TYPES),
  ...PROCESS_TYPES,
]);

export function isHistoryMessage(message: Message): message is HistoryMessage {
  return HISTORY_TYPES.has(message.type);
}

function isProcessMessage(message: HistoryMessage): message is Message<ProcessEventType> {
  return PROCESS_TYPES.has(message.type);
}

export function foldExperiment(
  state: ExperimentState | undefined,
  message: HistoryMessage,
  record: RecordReference,
): Folded {
  if (state === undefined) {
    if (message.type !== 'ExperimentCreated' || !EXPERIMENT_ID_PATTERN.test(message.key)) {
      return { state, outcome: 'orphan' };
    }
    return { state: created(message, record), outcome: 'applied' };
  }
  if (isTerminal(state.status)) return { state, outcome: 'absorbed' };
  if (state.seen.includes(message.id)) return { state, outcome: 'duplicate' };
  const reference = formatRecordReference(record);
  const applied = isProcessMessage(message)
    ? applyToProcess(state, message, reference)
    : applyOwnEvent(state, message, reference);
  if (!applied) return { state, outcome: 'refused' };
  state.updatedAt = message.time;
  state.updatedBy = reference;
  state.revision = record.offset;
  state.seen.push(message.id);
  if (isTerminal(state.status)) state.seen = [];
  return { state, outcome: 'applied' };
}

function created(message: Message<'ExperimentCreated'>, record: RecordReference): ExperimentState {
  const { payload } = message;
  const reference = formatRecordReference(record);
  return {
    id: message.key,
    gateway: message.gateway,
    owner: message.actor,
    name: payload.name,
    ...(payload.description === undefined ? {} : { description: payload.description }),
    application: {
      name: payload.application.name,
      ...(payload.application.version === undefined ? {} : { version: payload.application.version }),
    },
    inputs: payload.inputs,
    ...(payload.walltimeSeconds === undefined ? {} : { walltimeSeconds: payload.walltimeSeconds }),
    launch: payload.launch,
    bodyHash: payload.bodyHash,
    status: 'CREATED',
    errors: [],
    processes: [],
    createdAt: message.time,
    updatedAt: message.time,
    createdBy: reference,
    updatedBy: reference,
    revision: record.offset,
    seen: [message.id],
  };
}

function applyOwnEvent(
  state: ExperimentState,
  message: Message<ExperimentOwnEventType>,
  reference: string,
): boolean {
  const next = nextExperimentStatus(state.status as ActiveExperimentStatus, message.type);
  if (next === REFUSED) return false;
  if (next !== STAY) state.status = next;
  takeOver(state, message, reference);
  if (isTerminal(state.status)) state.endedAt = message.time;
  return true;
}

/** What the event says beyond the next state. */
function takeOver(state: ExperimentState, message: Message<ExperimentOwnEventType>, reference: string): void {
  switch (message.type) {
    case 'ExperimentRejected':
      state.errors = message.payload.errors;
      state.reasonCode = 'VALIDATION';
      return;
    case 'ExperimentValidated':
      state.spec = message.payload.spec;
      state.catalogPosition = message.payload.catalogPosition;
      state.application = { ...message.payload.spec.application };
      return;
    case 'ExperimentLaunched':
      state.processes = Array.from({ length: message.payload.processCount }, (_, index) => newProcess(index));
      return;
    case 'ExperimentCancelRequested':
      state.cancel = {
        ...(message.payload.reason === undefined ? {} : { reason: message.payload.reason }),
        by: message.actor,
        record: reference,
      };
      for (const process of state.processes) cancelProcess(process, reference);
      return;
    case 'ExperimentCompleted':
      state.reasonCode = 'OK';
      state.exitCode = message.payload.exitCode;
      return;
    case 'ExperimentFailed':
      state.reasonCode = message.payload.reasonCode;
      if (message.payload.detail !== undefined) state.detail = message.payload.detail;
      if (message.payload.exitCode !== undefined) state.exitCode = message.payload.exitCode;
      return;
    case 'ExperimentCanceled':
      state.reasonCode = message.payload.reasonCode;
      if (message.payload.exitCode !== undefined) state.exitCode = message.payload.exitCode;
      return;
    case 'ExperimentCreated':
    case 'ExperimentExecutionStarted':
      return;
  }
}

function newProcess(index: number): ProcessState {
  return { index, status: 'CREATED', jobs: [], outputs: [], tasksCompleted: [], taskFailures: 0 };
}

function applyToProcess(
  state: ExperimentState,
  message: Message<ProcessEventType>,
  reference: string,
): boolean {
  const process = state.processes[message.payload.processIndex];
  if (process === undefined) return false;
  return applyProcessEvent(process, message, reference, state.cancel !== undefined);
}

/**
 * What an experiment's facts make due: the events that the Metadata Server owes once the Application Manager has
 * written that a job runs or that the process has ended. Asked of a state, not of an event, so that a new owner owes
 * what its predecessor did not get to; the ids follow from the causing records, so nobody writes one twice.
 */
import { type ExperimentState, isTerminal, type PayloadInput, type ProcessState } from '@tidemark/contracts';

type OwedType =
  'ExperimentExecutionStarted' | 'ExperimentCompleted' | 'ExperimentFailed' | 'ExperimentCanceled';

export type DueEvent = {
  [Type in OwedType]: {
    readonly type: Type;
    readonly payload: PayloadInput<Type>;
    /** The record that makes it due. */
    readonly cause: string;
  };
}[OwedType];

export function dueEvents(state: ExperimentState): DueEvent[] {
  if (isTerminal(state.status)) return [];
  const due: DueEvent[] = [];
  const started = state.processes.find((process) => process.activatedBy !== undefined);
  if (state.status === 'LAUNCHED' && started?.activatedBy !== undefined) {
    const attempt = started.jobs.at(-1)?.attempt ?? 1;
    const payload = { processIndex: started.index, attempt };
    due.push({ type: 'ExperimentExecutionStarted', payload, cause: started.activatedBy });
  }
  const end = endOf(state);
  if (end !== undefined) due.push(end);
  return due;
}

/** The experiment's end, once all of its processes have ended. */
function endOf(state: ExperimentState): DueEvent | undefined {
  const last = state.processes.at(-1);
  const cause = last?.settledBy;
  if (cause === undefined || !state.processes.every((process) => isTerminal(process.status)))
    return undefined;
  if (state.processes.every((process) => process.status === 'COMPLETED')) {
    return { type: 'ExperimentCompleted', payload: { exitCode: exitCodeOf(last) ?? 0 }, cause };
  }
  const exitCode = exitCodeOf(state.processes.find((process) => process.status !== 'COMPLETED'));
  const ended = exitCode === undefined ? {} : { exitCode };
  if (state.status === 'CANCELING') {
    return { type: 'ExperimentCanceled', payload: { reasonCode: 'CANCELED_BY_USER', ...ended }, cause };
  }
  const failed = state.processes.find((process) => process.status === 'FAILED');
  return {
    type: 'ExperimentFailed',
    payload: {
      reasonCode: failed?.reasonCode ?? 'INTERNAL',
      ...ended,
      ...(failed?.detail === undefined ? {} : { detail: failed.detail }),
    },
    cause,
  };
}

function exitCodeOf(process: ProcessState | undefined): number | undefined {
  return process?.jobs.at(-1)?.exitCode;
}

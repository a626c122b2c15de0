/**
 * The state table of an experiment: for each event that concerns it as a whole, and each state that is not
 * terminal, the next state. The type demands every cell, so a new event or state does not compile until somebody has
 * thought about all of its cases. Terminal states have no column: they absorb.
 */
import type { ExperimentOwnEventType } from '../messages/message-types.js';
import type { ExperimentStatus } from './statuses.js';
import { type Cell, REFUSED, type Row } from './table.js';

/** The columns of the table, in order. */
export const EXPERIMENT_COLUMNS = ['CREATED', 'VALIDATED', 'LAUNCHED', 'EXECUTING', 'CANCELING'] as const;
export type ActiveExperimentStatus = (typeof EXPERIMENT_COLUMNS)[number];

const no = REFUSED;

/** ExperimentCreated makes the experiment; a second one finds it made and is refused in every state. */
// prettier-ignore
export const EXPERIMENT_TABLE: Readonly<Record<ExperimentOwnEventType, Row<typeof EXPERIMENT_COLUMNS, Cell<ExperimentStatus>>>> = {
  //                           CREATED      VALIDATED    LAUNCHED     EXECUTING    CANCELING
  ExperimentCreated:          [no,          no,          no,          no,          no],
  ExperimentRejected:         ['FAILED',    no,          no,          no,          no],
  ExperimentValidated:        ['VALIDATED', no,          no,          no,          no],
  ExperimentLaunched:         [no,          'LAUNCHED',  no,          no,          no],
  ExperimentExecutionStarted: [no,          no,          'EXECUTING', no,          no],
  ExperimentCancelRequested:  ['CANCELING', 'CANCELING', 'CANCELING', 'CANCELING', no],
  ExperimentCompleted:        [no,          no,          'COMPLETED', 'COMPLETED', 'COMPLETED'],
  ExperimentFailed:           [no,          no,          'FAILED',    'FAILED',    no],
  ExperimentCanceled:         [no,          no,          no,          no,          'CANCELED'],
};

export function nextExperimentStatus(
  status: ActiveExperimentStatus,
  event: ExperimentOwnEventType,
): Cell<ExperimentStatus> {
  return EXPERIMENT_TABLE[event][EXPERIMENT_COLUMNS.indexOf(status)] ?? REFUSED;
}

/**
 * The state table of a process. Its rows are facts: an event, told apart by what it says where that decides the next
 * state (an exit with 0 against any other, a rejection that may be retried against one that may not). The same type
 * trick as in experiment-table.ts demands every cell.
 *
 * Races are settled here, by offset order: a cancel that comes before the job's exit cancels, one that comes after
 * lets the finished result be kept. An intent that lost against a cancel is refused, and then nothing is launched.
 */
import type { Message } from '../envelope/envelope.js';
import type { ProcessEventType } from '../messages/message-types.js';
import { isCleanExit } from './verdict.js';
import type { ProcessStatus } from './statuses.js';
import { type Cell, REFUSED, type Row, STAY } from './table.js';

export const PROCESS_COLUMNS = [
  'CREATED',
  'STARTED',
  'CONFIGURING_WORKSPACE',
  'INPUT_DATA_STAGING',
  'EXECUTING',
  'MONITORING',
  'OUTPUT_DATA_STAGING',
  'REQUEUED',
  'CANCELING',
] as const;
export type ActiveProcessStatus = (typeof PROCESS_COLUMNS)[number];

/** The events whose next state depends on what they say, and how they are told apart. */
export type ProcessFact =
  | Exclude<ProcessEventType, 'TaskStarted' | 'JobSubmissionRejected' | 'JobExited'>
  | 'TaskStarted(ENV_SETUP)'
  | 'TaskStarted(INPUT_STAGING)'
  | 'TaskStarted(other)'
  | 'JobSubmissionRejected(retryable)'
  | 'JobSubmissionRejected(final)'
  | 'JobExited(0)'
  | 'JobExited(other)'
  | 'ExperimentCancelRequested';

const no = REFUSED;
const ok = STAY;
const CONFIGURING = 'CONFIGURING_WORKSPACE';
const STAGING_IN = 'INPUT_DATA_STAGING';
const STAGING_OUT = 'OUTPUT_DATA_STAGING';
const RUN = 'EXECUTING';
const WATCH = 'MONITORING';
const AGAIN = 'REQUEUED';
const STOP = 'CANCELING';
const FAILED = 'FAILED';
const GONE = 'CANCELED';
const DONE = 'COMPLETED';

// prettier-ignore
export const PROCESS_TABLE: Readonly<Record<ProcessFact, Row<typeof PROCESS_COLUMNS, Cell<ProcessStatus>>>> = {
  //                                   CREATED    STARTED      CONFIGURING  STAGING_IN EXECUTING    MONITORING   STAGING_OUT REQUEUED CANCELING
  ProcessAccepted:                    ['STARTED', no,          no,          no,        no,          no,          no,         no,      no],
  ProcessTakenOver:                   [ok,        ok,          ok,          ok,        ok,          ok,          ok,         ok,      ok],
  'TaskStarted(ENV_SETUP)':           [no,        CONFIGURING, no,          no,        no,          no,          no,         no,      no],
  'TaskStarted(INPUT_STAGING)':       [no,        no,          STAGING_IN,  no,        no,          no,          no,         no,      no],
  'TaskStarted(other)':               [no,        ok,          ok,          ok,        ok,          ok,          ok,         ok,      ok],
  TaskCompleted:                      [no,        ok,          ok,          ok,        ok,          ok,          ok,         ok,      ok],
  TaskFailed:                         [no,        ok,          ok,          ok,        ok,          ok,          ok,         ok,      ok],
  InputStaged:                        [no,        no,          ok,          ok,        no,          no,          no,         no,      no],
  JobLaunchIntended:                  [no,        no,          no,          RUN,       no,          no,          no,         RUN,     no],
  JobSubmitted:                       [no,        no,          no,          no,        WATCH,       ok,          no,         no,      ok],
  JobLaunchUnknown:                   [no,        no,          no,          no,        WATCH,       ok,          no,         no,      ok],
  JobActivated:                       [no,        no,          no,          no,        WATCH,       ok,          no,         no,      ok],
  'JobSubmissionRejected(retryable)': [no,        no,          no,          no,        AGAIN,       AGAIN,       no,         no,      GONE],
  'JobSubmissionRejected(final)':     [no,        no,          no,          no,        FAILED,      FAILED,      no,         no,      GONE],
  JobAttemptRevoked:                  [no,        no,          no,          no,        AGAIN,       AGAIN,       no,         no,      GONE],
  'JobExited(0)':                     [no,        no,          no,          no,        STAGING_OUT, STAGING_OUT, no,         no,      STAGING_OUT],
  'JobExited(other)':                 [no,        no,          no,          no,        STAGING_OUT, STAGING_OUT, no,         no,      GONE],
  JobLost:                            [no,        no,          no,          no,        STAGING_OUT, STAGING_OUT, no,         no,      GONE],
  OutputStaged:                       [no,        no,          no,          no,        no,          no,          ok,         no,      ok],
  ProcessCompleted:                   [no,        no,          no,          no,        no,          no,          DONE,       no,      no],
  ProcessFailed:                      [FAILED,    FAILED,      FAILED,      FAILED,    no,          no,          FAILED,     FAILED,  GONE],
  ProcessCanceled:                    [no,        no,          no,          no,        no,          no,          no,         no,      GONE],
  ExperimentCancelRequested:          [GONE,      GONE,        GONE,        GONE,      STOP,        STOP,        ok,         STOP,    no],
};

export function nextProcessStatus(status: ActiveProcessStatus, fact: ProcessFact): Cell<ProcessStatus> {
  return PROCESS_TABLE[fact][PROCESS_COLUMNS.indexOf(status)] ?? REFUSED;
}

/** Which row of the table an event is. */
export function processFactOf(message: Message<ProcessEventType>): ProcessFact {
  switch (message.type) {
    case 'TaskStarted': {
      const { task } = message.payload;
      return task === 'ENV_SETUP' || task === 'INPUT_STAGING' ? `TaskStarted(${task})` : 'TaskStarted(other)';
    }
    case 'JobSubmissionRejected':
      return message.payload.retryable ? 'JobSubmissionRejected(retryable)' : 'JobSubmissionRejected(final)';
    case 'JobExited':
      return isCleanExit(message.payload) ? 'JobExited(0)' : 'JobExited(other)';
    default:
      return message.type;
  }
}

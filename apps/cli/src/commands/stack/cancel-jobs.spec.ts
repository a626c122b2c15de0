/** Which experiments `down --cancel-jobs` cancels: those that a job may run for, and no others. */
import { EXPERIMENT_STATUSES } from '@tidemark/contracts';
import { mayHaveJob } from './cancel-jobs.js';

it('an experiment that waits for its launch, or has ended, has no job', () => {
  expect(EXPERIMENT_STATUSES.filter(mayHaveJob)).toEqual(['LAUNCHED', 'EXECUTING', 'CANCELING']);
});

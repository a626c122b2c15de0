/**
 * What follows when an attempt has ended, by its exit record or for certain without one. Split from the decider because
 * of cancelling: there the end of the job is the end of the process, so its last output must be told of in the same
 * batch and before it.
 */
import { isCleanExit, type JobState } from '@tidemark/contracts';
import type { Finding } from './findings.js';
import type { Case } from './process.decider.js';

type End = Finding & { type: 'exited' | 'lost' };

export function decideEnd({ process, finding, command, events }: Case<End>, job: JobState): void {
  const { attempt, token } = job;
  const ends = process.status === 'CANCELING' && !(finding.type === 'exited' && isCleanExit(finding.exit));
  // Found before the cancel was folded: look again, with the output this time.
  if (ends && finding.outputs === undefined) return;
  if (finding.start !== undefined && job.status !== 'ACTIVE')
    events.add('JobActivated', { attempt, token, ...finding.start });
  if (ends) {
    for (const output of finding.outputs ?? []) events.add('OutputStaged', output, output.role);
  }
  const evidence = [command.cause];
  if (finding.type === 'exited') events.add('JobExited', { attempt, token, ...finding.exit, evidence });
  else events.add('JobLost', { attempt, token, why: finding.why, evidence });
  if (ends) return;
  events.add('TaskCompleted', { task: 'MONITORING' }, `MONITORING/${attempt}`);
  events.add('TaskStarted', { task: 'OUTPUT_STAGING' }, `OUTPUT_STAGING/${attempt}`);
}

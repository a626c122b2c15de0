/**
 * The process decider, given, when and then: the way of a process, late and repeated findings, and what a new owner
 * does.
 */
import { fold } from '@tidemark/decider';
import type { Finding } from './findings.js';
import type { PartitionState } from './history.js';
import { processDecider } from './process.decider.js';
import {
  canceled,
  collected,
  exited,
  intended,
  launched,
  prepared,
  running,
  staged,
  start,
  started,
  Story,
  submitted,
  token,
  types,
} from '../testing/process-story.js';
import { id } from '../testing/process-story.js';

describe('the way of a process', () => {
  const story = new Story();
  it.each<[string, Finding, string[], string]>([
    ['accept', launched, ['ProcessAccepted', 'TaskStarted(ENV_SETUP)'], 'CONFIGURING_WORKSPACE'],
    ['prepare', prepared, ['TaskCompleted(ENV_SETUP)', 'TaskStarted(INPUT_STAGING)'], 'INPUT_DATA_STAGING'],
    [
      'stage',
      staged(),
      ['TaskCompleted(INPUT_STAGING)', 'TaskStarted(JOB_SUBMISSION)', 'JobLaunchIntended'],
      'EXECUTING',
    ],
    [
      'launch',
      submitted(),
      ['JobSubmitted', 'TaskCompleted(JOB_SUBMISSION)', 'TaskStarted(MONITORING)'],
      'MONITORING',
    ],
    ['watch', started, ['JobActivated'], 'MONITORING'],
    [
      'watch',
      exited(0),
      ['JobExited', 'TaskCompleted(MONITORING)', 'TaskStarted(OUTPUT_STAGING)'],
      'OUTPUT_DATA_STAGING',
    ],
    ['collect', collected(), ['TaskCompleted(OUTPUT_STAGING)', 'ProcessCompleted'], 'COMPLETED'],
  ])('%s', (step, finding, events, status) => {
    expect(story.next()).toBe(step);
    const decided = story.decide(finding);
    expect(types(decided)).toEqual(events);
    story.events.push(...decided);
    expect(story.process.status).toBe(status);
  });

  it('ends', () => {
    expect(story.next()).toBeUndefined();
    expect(story.decide(collected())).toEqual([]);
  });
});

describe('what is told twice, or too late', () => {
  it('has the same event ids for the same cause, whoever tells it', () => {
    const cause = 'tidemark.observations/0@7';
    const ids = (owner: string): string[] =>
      intended()
        .decide(submitted(), owner, cause)
        .map(({ message }) => message.id);
    expect(ids('manager-1/a')).toEqual(ids('manager-2/b'));
    expect(new Set(ids('manager-1/a')).size).toBe(3);
  });

  it('changes nothing when a zombie and its successor tell the same, in one order or the other', () => {
    const story = running();
    const [mine, zombies] = [story.decide(exited(0)), story.decide(exited(3))];
    for (const [first, second] of [
      [mine, zombies],
      [zombies, mine],
    ] as const) {
      const both = fold(processDecider, [...story.events, ...first, ...second]);
      const one = fold(processDecider, [...story.events, ...first]);
      const jobs = (state: PartitionState): unknown => state.experiments.get(id)?.processes[0]?.jobs;
      expect(jobs(both)).toEqual(jobs(one));
    }
  });

  it.each<[string, Story, Finding]>([
    ['an exit of an attempt that is not the present one', running(), { ...exited(0), attempt: 2 } as Finding],
    ['staging after the intent', intended(), staged()],
    ['staging for another attempt', new Story().tell(launched).tell(prepared), staged(2)],
    ['a second submission', intended().tell(submitted()), submitted()],
    ['a revocation of what has run', running(), { type: 'revoked', attempt: 1 }],
    ['a start that is known', running(), started],
    ['the end of cancelling while an attempt lives', running().cancel(), { type: 'nothing-alive' }],
    [
      'an unknown launch of what was submitted',
      intended().tell(submitted()),
      { type: 'launch-unknown', attempt: 1, why: '' },
    ],
  ])('%s is stale', (_, story, finding) => {
    expect(story.decide(finding)).toEqual([]);
  });
});

describe('a new owner', () => {
  const taken = (story: Story): Story => {
    expect(story.next('manager-2/b')).toBe('take-over');
    return story.tell({ type: 'owned', owner: 'manager-2/b' }, 'manager-2/b');
  };

  it('goes on with staging where it stopped', () => {
    const story = taken(new Story().tell(launched).tell(prepared));
    expect(story.next('manager-2/b')).toBe('stage');
    expect(story.process.owner).toBe('manager-2/b');
  });

  it('does not launch an intent of its predecessor: the claim has to tell first', () => {
    const story = intended();
    expect(types(story.decide({ type: 'owned', owner: 'manager-2/b' }, 'manager-2/b'))).toEqual([
      'ProcessTakenOver',
      'JobLaunchUnknown',
    ]);
    taken(story);
    expect(story.process.jobs[0]?.status).toBe('LAUNCH_UNKNOWN');
    expect(story.next('manager-2/b')).toBe('watch');
  });

  it('finds that it had been launched', () => {
    const story = taken(intended()).tell(started, 'manager-2/b');
    expect(story.process).toMatchObject({ status: 'MONITORING', jobs: [{ status: 'ACTIVE' }] });
    expect(story.next('manager-2/b')).toBe('watch');
  });

  it('revokes what had not been launched, and stages the next attempt', () => {
    const story = taken(intended()).tell({ type: 'revoked', attempt: 1 }, 'manager-2/b');
    expect(story.process).toMatchObject({ status: 'REQUEUED', jobs: [{ status: 'REVOKED' }] });
    expect(story.next('manager-2/b')).toBe('stage');
    story.tell(staged(2), 'manager-2/b');
    expect(story.process.jobs[1]).toMatchObject({ attempt: 2, token: token(2), status: 'INTENDED' });
  });

  it('takes the submission that its predecessor tells of after all', () => {
    const story = intended();
    const late = story.decide(submitted());
    taken(story).events.push(...late);
    expect(story.process.jobs[0]).toMatchObject({ status: 'SUBMITTED', externalId: '7' });
    expect(story.next('manager-2/b')).toBe('watch');
  });

  it('watches a running job without saying anything more than whose it is', () => {
    const story = running();
    expect(types(story.decide({ type: 'owned', owner: 'manager-2/b' }))).toEqual(['ProcessTakenOver']);
  });
});

describe('attempts', () => {
  const revoked: Finding = { type: 'revoked', attempt: 1 };

  it('are repeated only when the last one provably never ran, and not for ever', () => {
    const story = intended().tell(submitted()).tell(revoked).tell(staged(2));
    story.tell(submitted(2)).tell({ type: 'revoked', attempt: 2 });
    expect(story.next()).toBe('give-up');
    story.tell({ type: 'attempts-spent', reasonCode: 'LAUNCH_NEVER_RAN', detail: 'no' });
    expect(story.process).toMatchObject({ status: 'FAILED', reasonCode: 'LAUNCH_NEVER_RAN' });
  });

  it.each([
    [true, 'REQUEUED'],
    [false, 'FAILED'],
  ])('that are rejected (retryable: %s) leave the process %s', (retryable, status) => {
    const story = intended().tell({ type: 'rejected', attempt: 1, text: 'no', retryable });
    expect(story.process.status).toBe(status);
  });

  it.each<[string, Finding, string]>([
    ['exited with 3', exited(3), 'APP_EXIT_NONZERO'],
    ['lost', { type: 'lost', attempt: 1, why: 'gone' }, 'LOST'],
    ['stopped by somebody', canceled(), 'CANCELED_EXTERNALLY'],
  ])('that have run (%s) are never repeated; their output is kept first', (_, finding, reasonCode) => {
    const story = running().tell(finding);
    expect(story.next()).toBe('collect');
    story.tell(collected());
    expect(story.process).toMatchObject({ status: 'FAILED', reasonCode });
  });

  it('may end before anybody has seen them begin', () => {
    const story = intended().tell(submitted());
    expect(types(story.decide({ ...exited(0), start } as Finding)).slice(0, 2)).toEqual([
      'JobActivated',
      'JobExited',
    ]);
  });
});

describe('outputs', () => {
  const done = (): Story => running().tell(exited(0));
  it.each<[string, Partial<Finding & { type: 'collected' }>, string]>([
    ['missing', { missing: ['a'] }, 'OUTPUT_MISSING'],
    ['unfit', { faults: ['b'] }, 'STAGING_OUT_FAILED'],
  ])('that are %s fail the process', (_, more, reasonCode) => {
    expect(done().tell(collected(more)).process).toMatchObject({ status: 'FAILED', reasonCode });
  });

  it('that the store does not take are tried again, then given up', () => {
    const story = done();
    const failed: Finding = { type: 'task-failed', task: 'OUTPUT_STAGING', error: 'full', retryable: true };
    for (let tries = 1; tries < 4; tries += 1) {
      story.tell(failed);
      expect(story.next()).toBe('collect');
    }
    expect(story.tell(failed).process).toMatchObject({ status: 'FAILED', reasonCode: 'STAGING_OUT_FAILED' });
  });
});

/** A process without a slot, and a cancel at every point of a process's way. */
import type { Finding } from './findings.js';
import {
  canceled,
  collected,
  exited,
  intended,
  launched,
  prepared,
  running,
  specSha256,
  staged,
  Story,
  submitted,
  types,
} from '../testing/process-story.js';

describe('a process without a slot', () => {
  const waiting = (): Story => new Story().tell(launched).tell(prepared).tell(staged(1, false));
  const slotTaken: Finding = { type: 'slot-taken', attempt: 1, specSha256 };

  it('has intended nothing while it waits', () => {
    expect(types(new Story().tell(launched).tell(prepared).decide(staged(1, false)))).toEqual([
      'TaskCompleted(INPUT_STAGING)',
      'TaskStarted(JOB_SUBMISSION)',
    ]);
    expect(waiting().next()).toBe('reserve');
    expect(waiting().process.jobs).toEqual([]);
  });

  it('goes on when it has one', () => {
    const story = waiting().tell(slotTaken);
    expect(story.next()).toBe('launch');
    expect(story.decide(slotTaken)).toEqual([]);
  });

  it('loses no attempt when its owner dies', () => {
    const story = waiting().tell({ type: 'owned', owner: 'manager-2/b' }, 'manager-2/b');
    expect(story.next('manager-2/b')).toBe('reserve');
    expect(story.tell(slotTaken, 'manager-2/b').process.jobs).toMatchObject([{ attempt: 1 }]);
  });

  it('is cancelled at once', () => {
    const story = waiting().cancel();
    expect(story.process.status).toBe('CANCELED');
    expect(story.decide(slotTaken)).toEqual([]);
  });
});

describe('cancelling', () => {
  it.each<[string, Story]>([
    ['before it is accepted', new Story()],
    ['while it is prepared', new Story().tell(launched)],
    ['while it is staged', new Story().tell(launched).tell(prepared)],
  ])('%s needs nothing of us, and what we tell later does not count', (_, story) => {
    story.cancel();
    expect(story.process.status).toBe('CANCELED');
    expect(story.next()).toBeUndefined();
    expect(story.decide(staged())).toEqual([]);
  });

  it('wins against an intent that comes after it', () => {
    const story = new Story().tell(launched).tell(prepared);
    const intent = story.decide(staged());
    story.cancel().events.push(...intent);
    expect(story.process).toMatchObject({ status: 'CANCELED', jobs: [] });
  });

  it('of an attempt that has not begun revokes it', () => {
    const story = intended().cancel();
    expect(story.next()).toBe('cancel');
    story.tell({ type: 'revoked', attempt: 1 });
    expect(story.process).toMatchObject({ status: 'CANCELED', jobs: [{ status: 'REVOKED' }] });
  });

  it('of a running job waits for its end, and tells its last output before', () => {
    const story = running().cancel();
    expect(story.next()).toBe('cancel');
    const product = `dp_${'0'.repeat(26)}`;
    const stdout = {
      role: 'stdout',
      name: 'stdout',
      path: 'stdout',
      dataProductId: product,
      sha256: specSha256,
      bytes: 0,
    } as const;
    const events = story.decide(canceled({ outputs: [stdout] }));
    expect(types(events)).toEqual(['OutputStaged', 'JobExited']);
    story.events.push(...events);
    expect(story.process).toMatchObject({
      status: 'CANCELED',
      reasonCode: 'CANCELED_BY_USER',
      outputs: [stdout],
    });
  });

  it('that was not known when the end was found looks again for the output', () => {
    expect(running().cancel().decide(canceled())).toEqual([]);
  });

  it('after the exit keeps the finished result: offset order decides', () => {
    const story = running().tell(exited(0)).cancel();
    expect(story.next()).toBe('collect');
    expect(story.tell(collected()).process.status).toBe('COMPLETED');
  });

  it('of a job that had succeeded before the signal keeps the result too', () => {
    const story = running()
      .cancel()
      .tell(exited(0, { outputs: [] }));
    expect(story.process.status).toBe('OUTPUT_DATA_STAGING');
  });

  it('between two attempts needs a word that nothing is alive', () => {
    const story = intended().tell(submitted()).tell({ type: 'revoked', attempt: 1 }).cancel();
    expect(story.next()).toBe('confirm-cancel');
    expect(story.tell({ type: 'nothing-alive' }).process.status).toBe('CANCELED');
  });
});

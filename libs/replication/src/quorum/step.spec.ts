// Single steps of the machine: what each role does with what it is told, and what must come before what.
import { QUORUM_TIMEOUTS } from './quorum-context.js';
import type { FetchAnswer } from './quorum-messages.js';
import { OneMember, replicaOf } from './testing/one-member.js';

const answerOf = (over: Partial<FetchAnswer> = {}): FetchAnswer => ({
  kind: 'fetch',
  error: 'none',
  epoch: 1,
  leaderId: 2,
  highWatermark: 0,
  hasRecords: false,
  ...over,
});

const fetchOf = (id: number, offset: number, lastEpoch: number, epoch = 1) => ({
  kind: 'fetch-request' as const,
  of: id,
  request: { kind: 'fetch' as const, replica: replicaOf(id), epoch, offset, lastEpoch, highWatermark: 0 },
});

describe('a quorum of one', () => {
  it('leads as soon as its vote is on the disk, and commits what it has flushed', () => {
    const member = new OneMember([0, 0], [replicaOf(1)]);
    member.take({ kind: 'started' });
    expect(member.state.role).toBe('candidate');
    member.settle();
    expect(member.state).toMatchObject({ role: 'leader', epoch: 1, highWatermark: 0 });
    member.flush();
    expect(member.of('high-watermark')).toEqual([{ effect: 'high-watermark', offset: 3 }]);
  });
});

describe('a follower', () => {
  const follower = (epochs: readonly number[]): OneMember => new OneMember(epochs).become('follower');

  it('fetches only what is behind what its disk has', () => {
    const member = follower([1]);
    const correlation = member.state.correlation;
    member.take({
      kind: 'fetch-answer',
      correlation,
      from: 2,
      answer: answerOf({ hasRecords: true, highWatermark: 1 }),
    });
    expect(member.effects.map(({ effect }) => effect)).toEqual(['set-timer', 'append-fetched', 'flush']);
    member.log.append(1, 5);
    member.flush();
    expect(member.of('send')[0]?.request).toMatchObject({
      kind: 'fetch',
      offset: 2,
      lastEpoch: 1,
      highWatermark: 1,
    });
    expect(member.state.highWatermark).toBe(1);
  });

  it('takes each answer once, and none to another request', () => {
    const member = follower([1, 1]);
    const correlation = member.state.correlation;
    const diverging = answerOf({ diverging: { epoch: 1, endOffset: 1 } });
    member.take({ kind: 'fetch-answer', correlation: correlation - 1, from: 2, answer: diverging });
    member.take({ kind: 'fetch-answer', correlation, from: 3, answer: diverging });
    expect(member.effects).toEqual([]);
    member.take({ kind: 'fetch-answer', correlation, from: 2, answer: diverging });
    expect(member.log.endOffset).toBe(1);
    const { state } = member;
    member.take({
      kind: 'fetch-answer',
      correlation,
      from: 2,
      answer: answerOf({ diverging: { epoch: 0, endOffset: 0 } }),
    });
    expect(member.state).toBe(state);
    expect(member.effects).toEqual([]);
  });

  it('stops rather than cut what is committed', () => {
    const member = follower([1, 1]);
    const answer = answerOf({ highWatermark: 2 });
    member.take({ kind: 'fetch-answer', correlation: member.state.correlation, from: 2, answer });
    expect(member.state.highWatermark).toBe(2);
    const diverging = answerOf({ diverging: { epoch: 0, endOffset: 0 } });
    member.take({ kind: 'fetch-answer', correlation: member.state.correlation, from: 2, answer: diverging });
    expect(member.of('fatal')).toHaveLength(1);
    expect(member.log.endOffset).toBe(2);
  });

  it('takes no watermark from a leader with whose log its own is not yet known to agree', () => {
    const member = follower([1, 1, 2, 2, 4, 4]);
    const tell = (answer: Partial<FetchAnswer>): unknown => {
      const { correlation, epoch } = member.state;
      return member.take({
        kind: 'fetch-answer',
        correlation,
        from: 2,
        answer: answerOf({ epoch, ...answer }),
      });
    };
    // The leader has 1 1 3 3 5: the first cut takes the 4s away, the second the 2s.
    tell({ diverging: { epoch: 3, endOffset: 4 }, highWatermark: 5 });
    member.flush();
    expect(member.log.endOffset).toBe(4);
    expect(member.state.highWatermark).toBe(0);
    tell({ diverging: { epoch: 1, endOffset: 2 }, highWatermark: 5 });
    expect(member.of('fatal')).toEqual([]);
    member.flush();
    expect(member.log.endOffset).toBe(2);
    expect(member.state.highWatermark).toBe(0);
    tell({ highWatermark: 5 });
    expect(member.state.highWatermark).toBe(2);
  });

  it('asks for a snapshot when the leader no longer has what it lacks', () => {
    const member = follower([]);
    const snapshot = { endOffset: 9, epoch: 1 };
    member.take({
      kind: 'fetch-answer',
      correlation: member.state.correlation,
      from: 2,
      answer: answerOf({ snapshot }),
    });
    expect(member.of('fetch-snapshot')).toEqual([{ effect: 'fetch-snapshot', from: 2, snapshot }]);
    member.take({ kind: 'snapshot-failed' });
    member.take({ kind: 'retry-timer' });
    expect(member.of('send')[0]?.request).toMatchObject({ kind: 'fetch', offset: 0 });
  });

  it('takes turns with the others when nobody listens at the leader any more', () => {
    const first = follower([1]);
    first.take({ kind: 'request-failed', correlation: first.state.correlation, from: 2, failure: 'refused' });
    expect(first.of('set-timer')).toEqual([
      { effect: 'set-timer', timer: 'election', delayMs: 0, spreadMs: 0 },
    ]);
    const second = new OneMember([1], undefined, replicaOf(3)).become('follower');
    second.take({
      kind: 'request-failed',
      correlation: second.state.correlation,
      from: 2,
      failure: 'refused',
    });
    const { staggerMs } = QUORUM_TIMEOUTS;
    expect(second.of('set-timer')).toEqual([
      { effect: 'set-timer', timer: 'election', delayMs: staggerMs, spreadMs: staggerMs },
    ]);
  });

  it('stands at once when the leader goes and names it first', () => {
    const member = follower([1]);
    const preferred = [replicaOf(1), replicaOf(3)];
    member.take({
      kind: 'end-epoch-request',
      of: 3,
      request: { kind: 'end-epoch', leaderId: 2, epoch: 1, preferred },
    });
    expect(member.of('set-timer')[0]).toMatchObject({ timer: 'election', delayMs: 0 });
    member.take({ kind: 'election-timer' });
    const asked = member.of('send').map(({ request }) => request);
    expect(asked).toEqual([
      expect.objectContaining({ kind: 'vote', preVote: true, epoch: 1 }),
      expect.objectContaining({ kind: 'vote', preVote: true, epoch: 1 }),
    ]);
  });
});

describe('a leader', () => {
  const leader = (): OneMember => new OneMember([]).become('leader');

  it('commits nothing before a record of its own epoch is on a majority (figure 8)', () => {
    const member = new OneMember([1, 1]).become('leader');
    const { epoch } = member.state;
    expect(epoch).toBe(2);
    member.flush();
    member.take(fetchOf(2, 2, 1, epoch));
    expect(member.state.highWatermark).toBe(0);
    member.take(fetchOf(2, 3, 2, epoch));
    expect(member.state.highWatermark).toBe(3);
  });

  it('counts its own log only as far as it is on the disk', () => {
    const member = leader();
    member.log.append(1, 7);
    member.take(fetchOf(2, 2, 1));
    expect(member.state.highWatermark).toBe(0);
    member.flush();
    expect(member.state.highWatermark).toBe(2);
  });

  it('does not count observers', () => {
    const member = leader();
    member.flush();
    member.take(fetchOf(7, 1, 1));
    expect(member.state.highWatermark).toBe(0);
    member.take({
      ...fetchOf(2, 1, 1),
      request: { ...fetchOf(2, 1, 1).request, replica: { id: 2, directoryId: 'new' } },
    });
    expect(member.state.highWatermark).toBe(0);
    member.take(fetchOf(3, 1, 1));
    expect(member.state.highWatermark).toBe(1);
  });

  it('resigns when no majority fetched for one and a half fetch timeouts', () => {
    const member = leader();
    member.now += 1_000;
    member.take(fetchOf(2, 1, 1));
    member.now += 500;
    member.take({ kind: 'check-quorum-timer' });
    expect(member.of('set-timer')).toEqual([
      { effect: 'set-timer', timer: 'check-quorum', delayMs: 1_000, spreadMs: 0 },
    ]);
    member.now += 1_000;
    member.take({ kind: 'check-quorum-timer' });
    expect(member.state.role).toBe('resigned');
    expect(member.of('send').map(({ request }) => request.kind)).toEqual(['end-epoch', 'end-epoch']);
  });

  it('names who is to follow it, the one with the longest log first', () => {
    const member = leader();
    member.take(fetchOf(3, 1, 1));
    member.take({ kind: 'stop' });
    expect(member.of('send')[0]?.request).toMatchObject({ preferred: [replicaOf(3), replicaOf(2)] });
  });

  it('never leads the same epoch again after a restart', () => {
    const election = { epoch: 4, leaderId: 1, voted: replicaOf(1) };
    const member = new OneMember([4], undefined, undefined, election);
    member.take({ kind: 'started' });
    expect(member.state.role).toBe('resigned');
    const voted = new OneMember([4], undefined, undefined, { ...election, leaderId: undefined });
    voted.take({ kind: 'started' });
    expect(voted.state).toMatchObject({ role: 'unattached', epoch: 4, voted: replicaOf(1) });
  });

  it('does not believe in a second leader of its epoch', () => {
    const member = leader();
    const request = { kind: 'begin-epoch', leaderId: 3, epoch: 1, voter: replicaOf(1) } as const;
    member.take({ kind: 'begin-epoch-request', of: 4, request });
    expect(member.answers()).toEqual([{ kind: 'epoch', error: 'invalid-request', epoch: 1, leaderId: 1 }]);
    expect(member.state.role).toBe('leader');
  });
});

describe('an observer', () => {
  it('asks one voter after the other who leads, and follows', () => {
    const member = new OneMember([], undefined, replicaOf(4));
    member.take({ kind: 'started' });
    member.take({ kind: 'retry-timer' });
    expect(member.of('send')[0]).toMatchObject({ to: 1, request: { kind: 'fetch' } });
    const from = 1;
    member.take({ kind: 'request-failed', correlation: member.state.correlation, from, failure: 'refused' });
    member.take({ kind: 'retry-timer' });
    expect(member.of('send')[0]).toMatchObject({ to: 2 });
    const answer = answerOf({ error: 'fenced-epoch', epoch: 5, leaderId: 3 });
    member.take({ kind: 'fetch-answer', correlation: member.state.correlation, from: 2, answer });
    expect(member.state).toMatchObject({ role: 'follower', epoch: 5, leaderId: 3 });
  });
});

// Who gives its vote to whom: the rules of Vote by role (KIP-595, KIP-996), and that a vote is on the disk before it is told.
import type { VoteRequest } from '../quorum-messages.js';
import { QUORUM_RULES, type QuorumRules } from '../quorum-rules.js';
import type { Role } from '../quorum-state.js';
import { OneMember, replicaOf } from '../testing/one-member.js';

const request = (over: Partial<VoteRequest> = {}): VoteRequest => ({
  kind: 'vote',
  candidate: replicaOf(3),
  voter: replicaOf(1),
  epoch: 2,
  lastEpoch: 1,
  endOffset: 2,
  preVote: false,
  ...over,
});

function asked(member: OneMember, over: Partial<VoteRequest> = {}): object | undefined {
  member.take({ kind: 'vote-request', of: 9, request: request(over) });
  return member.answers()[0];
}

describe('a vote', () => {
  it.each<[string, Partial<VoteRequest>, boolean]>([
    ['an equal log', {}, true],
    ['a longer log', { endOffset: 9 }, true],
    ['a later epoch, shorter', { lastEpoch: 2, epoch: 3, endOffset: 1 }, true],
    ['a shorter log', { endOffset: 1 }, false],
    ['an earlier epoch, longer', { lastEpoch: 0, endOffset: 9 }, false],
  ])('goes to %s: %p -> %p', (_name, over, granted) => {
    expect(asked(new OneMember([1, 1]).become('unattached'), over)).toMatchObject({ error: 'none', granted });
  });

  it('is given once in an epoch, and again to the same replica', () => {
    const member = new OneMember([1, 1]).become('unattached');
    expect(asked(member)).toMatchObject({ granted: true });
    expect(asked(member, { candidate: replicaOf(2) })).toMatchObject({ granted: false });
    expect(asked(member)).toMatchObject({ granted: true });
    expect(asked(member, { candidate: { id: 3, directoryId: 'another' } })).toMatchObject({
      error: 'invalid-voter-key',
      granted: false,
    });
    expect(asked(member, { candidate: replicaOf(2), epoch: 3 })).toMatchObject({ granted: true, epoch: 3 });
  });

  it('is on the disk before it is told', () => {
    const member = new OneMember([1, 1]).become('unattached');
    asked(member);
    const [persist] = member.of('persist').slice(-1);
    expect(persist?.election).toEqual({ epoch: 2, leaderId: undefined, voted: replicaOf(3) });
    expect(member.of('answer')[0]?.after).toBe(persist?.write);
  });

  it('binds after a restart, and would not if it had not been on the disk', () => {
    const voted = (rules: QuorumRules): object | undefined => {
      const member = new OneMember([1, 1], undefined, undefined, undefined, rules).become('unattached');
      asked(member);
      const election = member.of('persist').at(-1)?.election;
      const restarted = new OneMember([1, 1], undefined, undefined, election, rules).become('unattached');
      return asked(restarted, { candidate: replicaOf(2) });
    };
    expect(voted(QUORUM_RULES)).toMatchObject({ epoch: 2, granted: false });
    expect(voted({ ...QUORUM_RULES, persistsVote: () => false })).toMatchObject({ epoch: 2, granted: true });
  });

  it.each<[Role, boolean, boolean]>([
    ['unattached', true, true],
    ['prospective', true, true],
    ['candidate', false, true],
    ['follower', false, true],
    ['leader', false, false],
    ['resigned', false, true],
  ])('of its own epoch, asked of %s: vote %p, pre-vote %p', (role, vote, preVote) => {
    const over = { endOffset: 99, lastEpoch: 1 };
    const member = new OneMember([]).become(role);
    const { epoch } = member.state;
    const lastEpoch = Math.max(epoch - 1, 0);
    const preVoted = asked(member, { ...over, lastEpoch: epoch, epoch, preVote: true });
    expect(preVoted).toMatchObject({ error: 'none', granted: preVote });
    if (epoch === 0) return;
    expect(asked(member, { ...over, lastEpoch, epoch, endOffset: 99 })).toMatchObject({
      granted: vote && member.log.lastEpoch <= lastEpoch,
    });
  });

  it('is not promised against a leader that answers, and is once nobody listens there', () => {
    const member = new OneMember([1]).become('follower');
    const fetch = member.state.correlation;
    const answer = {
      kind: 'fetch',
      error: 'none',
      epoch: 1,
      leaderId: 2,
      highWatermark: 0,
      hasRecords: false,
    } as const;
    member.take({ kind: 'fetch-answer', correlation: fetch, from: 2, answer });
    const over = { epoch: 1, preVote: true };
    expect(asked(member, over)).toMatchObject({ granted: false, leaderId: 2 });
    const from = 2;
    member.take({ kind: 'request-failed', correlation: member.state.correlation, from, failure: 'refused' });
    expect(member.state.role).toBe('prospective');
    expect(asked(member, over)).toMatchObject({ granted: true });
  });

  it.each<[string, Partial<VoteRequest>, string]>([
    ['an epoch that is over', { epoch: 0, lastEpoch: -1 }, 'invalid-request'],
    ['a log from its own epoch', { epoch: 2, lastEpoch: 2 }, 'invalid-request'],
    ['a negative end', { endOffset: -1 }, 'invalid-request'],
    ['a candidate that is no voter', { candidate: replicaOf(7) }, 'invalid-voter-key'],
    ['another voter than us', { voter: replicaOf(2) }, 'invalid-voter-key'],
    ['us on the disk that we lost', { voter: { id: 1, directoryId: 'old' } }, 'invalid-voter-key'],
  ])('is refused to %s', (_name, over, error) => {
    const member = new OneMember([1, 1]).become('unattached');
    expect(asked(member, over)).toMatchObject({ error, granted: false });
    expect(member.state.voted).toBeUndefined();
  });

  it('is never given by an observer, nor by a voter on another disk', () => {
    const voters = [1, 2, 3].map(replicaOf);
    for (const me of [replicaOf(4), { id: 1, directoryId: 'new' }]) {
      const member = new OneMember([1, 1], voters, me).become('unattached');
      expect(asked(member, { voter: me })).toMatchObject({ error: 'invalid-voter-key', granted: false });
      member.take({ kind: 'election-timer' });
      expect(member.state.role).toBe('unattached');
    }
  });
});

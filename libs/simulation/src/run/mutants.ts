/**
 * Bugs put in on purpose, one at a time: a rule of the broker replaced by a wrong one, or a disk that forgets or lies where
 * code would if it did not write or wait. The checkers must find each; the table in docs/simulation.md says which did, in
 * how many seeds. Data and a table; `main.ts` runs it.
 */
import type { StoryKind } from '../faults/fault.js';
import { BROKER_RULES, type BrokerRules } from '@tidemark/broker';

export interface Mutant {
  readonly name: string;
  readonly bug: string;
  readonly rules?: Partial<BrokerRules>;
  /** Files whose bytes are lost when their process ends, as if they had never been written. */
  readonly forgets?: RegExp;
  /** Files whose sync is told to be done before it is. */
  readonly lies?: RegExp;
  /** A broker cannot tell that its machine was without power. */
  readonly hidesPowerLoss?: boolean;
  /** Found too seldom where all stories are played: the one that it needs. */
  readonly story?: StoryKind;
  /** In a cluster of so many: with three, whoever commits metadata has what would stop it. */
  readonly brokers?: number;
  /** Topics are created with these besides. */
  readonly topicConfigs?: Readonly<Record<string, string>>;
}

const { replication, quorum, log } = BROKER_RULES;

/** As the rules in force, but for one. */
const replicationBut = (wrong: Partial<BrokerRules['replication']>): Partial<BrokerRules> => ({
  replication: { ...replication, ...wrong },
});
const quorumBut = (wrong: Partial<BrokerRules['quorum']>): Partial<BrokerRules> => ({
  quorum: { ...quorum, ...wrong },
});

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'own-isr',
    bug: 'the high watermark does not wait for replicas whose joining is under way',
    rules: replicationBut({ waitsFor: (follower) => follower.inSync }),
    story: 'disturb-joining',
  },
  {
    name: 'leader-alone',
    bug: 'the high watermark waits for no follower',
    rules: replicationBut({ waitsFor: () => false }),
  },
  {
    name: 'under-min-isr',
    bug: 'the high watermark moves with fewer in sync than min.insync.replicas',
    rules: replicationBut({ mayAdvance: () => true }),
  },
  {
    name: 'join-behind',
    bug: 'a follower joins the in-sync set before it has what is committed',
    rules: replicationBut({ mayJoin: (fetchOffset) => fetchOffset >= 0 }),
  },
  {
    name: 'truncate-to-watermark',
    bug: 'a follower cuts its log to its own high watermark, not to where the epochs part (before KIP-101)',
    rules: replicationBut({
      truncationOffset: (diverging, own, highWatermark) =>
        Math.min(highWatermark, Math.min(diverging.endOffset, own.endOffset)),
    }),
  },
  {
    name: 'truncate-to-own-end',
    bug: "a follower cuts its log where the leader's epoch ends, though its own ends before",
    rules: replicationBut({ truncationOffset: (diverging) => diverging.endOffset }),
  },
  {
    name: 'commit-old-epoch',
    bug: 'a quorum topic commits entries of earlier epochs by counting (Raft, figure 8)',
    rules: replicationBut({ mayCommit: () => true }),
  },
  {
    name: 'acknowledge-before-sync',
    bug: 'replicas of quorum topics acknowledge what is not yet forced to disk',
    rules: { ownEnd: (log) => log.logEndOffset },
  },
  {
    name: 'stale-broker-epoch',
    bug: 'a leader does not say as which registration a follower fetched (before KIP-903)',
    rules: { proposedEpoch: () => -1 },
    story: 'disturb-joining',
  },
  {
    name: 'loss-not-reported',
    bug: 'a broker that lost written data with its power comes back as if it had not (before KIP-966)',
    hidesPowerLoss: true,
  },
  {
    name: 'unclean-election',
    bug: 'a leader is elected that was not in sync',
    topicConfigs: { 'unclean.leader.election.enable': 'true' },
  },
  {
    name: 'promise-broken',
    bug: 'a replica that promised to serve an epoch no more goes on until the metadata says so (five brokers)',
    rules: { mayServe: () => true },
    brokers: 5,
    story: 'deafen-promised',
  },
  {
    name: 'vote-forgotten',
    bug: 'the vote and the epoch of the metadata quorum are not kept over a restart',
    forgets: /\/quorum-state$/,
  },
  {
    name: 'producers-forgotten',
    bug: 'producer state is not kept over a restart: snapshots are lost, and what is behind them is not read for it',
    forgets: /\.(snapshot|sequences)$/,
    rules: { log: { ...log, replayFrom: (_snapshot, end) => end } },
  },
  {
    name: 'epochs-forgotten',
    bug: 'where leader epochs begin is not kept over a restart: the file is lost, and not doubted',
    forgets: /\/leader-epoch-checkpoint$/,
    rules: { log: { ...log, checksEpochs: () => false } },
  },
  {
    name: 'sync-lies',
    bug: 'the disk says that a log is synced when it is not',
    lies: /\.log$/,
  },
  {
    name: 'vote-twice',
    bug: 'a voter gives its vote to two candidates in an epoch',
    rules: quorumBut({ mayVote: () => true }),
    story: 'slow-election',
  },
  {
    name: 'vote-for-shorter',
    bug: "a voter does not ask whether the candidate's log is as long as its own",
    rules: quorumBut({ isUpToDate: () => true }),
  },
  {
    name: 'metadata-before-sync',
    bug: 'a voter fetches, and so acknowledges, before its metadata is on disk',
    rules: quorumBut({ mayFetch: () => true, ownOffset: (_flushed, log) => log.endOffset }),
  },
  {
    name: 'metadata-old-epoch',
    bug: 'the metadata quorum commits entries of earlier epochs by counting',
    rules: quorumBut({ mayCommit: () => true }),
    story: 'topple-controllers',
  },
];

export const mutantNamed = (name: string): Mutant | undefined =>
  MUTANTS.find((mutant) => mutant.name === name);

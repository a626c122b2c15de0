/** Members that are not what they should be: another cluster's, on another disk, without memory, or speaking rubbish. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LogDirectory, LogError } from '@tidemark/log';
import { nodeClock, nodeDisk, nodeRandom } from '@tidemark/platform/node';
import { ErrorCode, type VoteResponse } from '@tidemark/wire';
import { voteHandler } from '../../handlers/52-vote.js';
import type { BrokerContext, RequestContext } from '../../handlers/handler.js';
import { PeerFailure } from '../../peers/peer-failure.js';
import type { Peers } from '../../peers/peers.js';
import { soleQuorum } from '../../testing/sole-quorum.js';
import { until } from '../../testing/running-broker.js';
import { directoryUuid } from '../brokers/directory-uuid.js';
import { readElection, writeElection } from './election-file.js';
import { faultOfRecords } from './fetched-records.js';
import type { MetadataQuorum } from './metadata-quorum.js';
import { parseVoters } from './voters.js';

const doors = { disk: nodeDisk, clock: nodeClock, random: nodeRandom };
const OTHERS = [2, 3].map((id) => ({ id, directoryId: nodeRandom.uuid() }));

describe('a voter', () => {
  const path = mkdtempSync(join(tmpdir(), 'tidemark-bad-members-spec-'));
  let directory: LogDirectory;
  let quorum: MetadataQuorum | undefined;
  let heard: string[] = [];

  beforeEach(() => {
    heard = [];
    directory = LogDirectory.open({ ...doors, path, clusterId: 'c', nodeId: 1 });
  });
  afterEach(async () => {
    quorum?.stop();
    quorum = undefined;
    await directory.close();
    rmSync(path, { recursive: true });
  });

  const me = () => ({ id: 1, directoryId: directoryUuid(directory.directoryId) });

  /** A quorum of three whose other members answer everything by `answer`. */
  const open = (answer: unknown, voters = [me(), ...OTHERS]): MetadataQuorum => {
    const request = (
      _api: unknown,
      _version: number,
      _asked: unknown,
      _timeoutMs: number,
      done: unknown,
    ): void => {
      heard.push('asked');
      nodeClock.setTimer(1, () => (done as (given: unknown) => void)(answer));
    };
    const peers = { to: () => ({ request }) } as unknown as Peers;
    quorum = soleQuorum(directory, doors, { voters, peers: () => peers });
    return quorum;
  };

  const vote = (
    asked: MetadataQuorum,
    over: { clusterId?: string; topicName?: string; voterDirectoryId?: string },
  ) => {
    let answered: VoteResponse | undefined;
    const [candidate] = OTHERS;
    const partition = {
      partitionIndex: 0,
      replicaEpoch: 7,
      replicaId: candidate?.id,
      replicaDirectoryId: candidate?.directoryId,
      voterDirectoryId: over.voterDirectoryId ?? me().directoryId,
      lastOffsetEpoch: 6,
      lastOffset: 99,
      preVote: false,
    };
    const topics = [{ topicName: over.topicName ?? '__cluster_metadata', partitions: [partition] }];
    const request = { clusterId: over.clusterId ?? 'c', voterId: 1, topics };
    const handler = voteHandler({ quorum: asked } as unknown as BrokerContext);
    handler.handle(request, {} as RequestContext, (response) => (answered = response as VoteResponse));
    return answered;
  };

  it('gives its vote to nobody of another cluster, for no other log, and not for another disk', async () => {
    const asked = open(new PeerFailure('refused', 'nobody'));
    await asked.start();
    expect(vote(asked, { clusterId: 'other' })).toEqual({
      errorCode: ErrorCode.INCONSISTENT_CLUSTER_ID,
      topics: [],
    });
    expect(vote(asked, { topicName: 'orders' })).toEqual({
      errorCode: ErrorCode.INVALID_REQUEST,
      topics: [],
    });
    const other = vote(asked, { voterDirectoryId: nodeRandom.uuid() });
    expect(other?.topics[0]?.partitions[0]).toMatchObject({
      errorCode: ErrorCode.INVALID_VOTER_KEY,
      voteGranted: false,
    });
    expect(asked.state.voted).toBeUndefined();
    const given = vote(asked, {});
    expect(given?.topics[0]?.partitions[0]).toMatchObject({ errorCode: ErrorCode.NONE, voteGranted: true });
    // It is on the disk by the time that it is told.
    expect(readElection(nodeDisk, path)).toMatchObject({ epoch: 7, voted: OTHERS[0] });
  });

  it('is not led by rubbish, and goes on', async () => {
    for (const rubbish of [
      { errorCode: 0, topics: [], responses: [] },
      { errorCode: ErrorCode.INCONSISTENT_CLUSTER_ID, topics: [], responses: [] },
      new PeerFailure('protocol', 'no answer at all'),
    ]) {
      const asked = open(rubbish);
      await asked.start();
      await until(() => heard.length >= 4);
      expect(asked.state.epoch).toBe(0);
      expect(['unattached', 'prospective']).toContain(asked.state.role);
      asked.stop();
      heard = [];
      await directory.close();
      directory = LogDirectory.open({ ...doors, path, clusterId: 'c', nodeId: 1 });
    }
  });

  it('only watches on a disk that is not the one that votes', async () => {
    const asked = open(new PeerFailure('refused', 'nobody'), [
      { id: 1, directoryId: nodeRandom.uuid() },
      ...OTHERS,
    ]);
    await asked.start();
    await until(() => heard.length >= 3);
    expect(asked.isVoter).toBe(false);
    expect(asked.state.role).toBe('unattached');
    const answer = vote(asked, {});
    expect(answer?.topics[0]?.partitions[0]).toMatchObject({ voteGranted: false });
  });

  it('does not start when it cannot know any more what it voted', async () => {
    writeFileSync(join(path, 'quorum-state'), '{"leaderId":1');
    expect(() => open(undefined)).toThrow(LogError);
    rmSync(join(path, 'quorum-state'));
    await directory.close();
    directory = LogDirectory.open({ ...doors, path, clusterId: 'c', nodeId: 1 });
    const alone = soleQuorum(directory, doors);
    await alone.start();
    await until(() => alone.state.highWatermark > 0);
    alone.stop();
    await directory.close();
    rmSync(join(path, 'quorum-state'));
    directory = LogDirectory.open({ ...doors, path, clusterId: 'c', nodeId: 1 });
    expect(() => open(undefined)).toThrow(/quorum-state is missing/);
  });
});

describe('what a voter must not forget', () => {
  it('is read as it was written, in Kafka’s words', () => {
    const path = mkdtempSync(join(tmpdir(), 'tidemark-election-file-spec-'));
    try {
      expect(readElection(nodeDisk, path)).toBeUndefined();
      const election = { epoch: 5, leaderId: 2, voted: { id: 3, directoryId: nodeRandom.uuid() } };
      writeElection(nodeDisk, path, election);
      expect(readElection(nodeDisk, path)).toEqual(election);
      writeElection(nodeDisk, path, { epoch: 6, leaderId: undefined, voted: undefined });
      expect(readElection(nodeDisk, path)).toEqual({ epoch: 6, leaderId: undefined, voted: undefined });
    } finally {
      rmSync(path, { recursive: true });
    }
  });
});

describe('records from a leader', () => {
  it('are refused when they are no batches', () => {
    const log = { endOffset: 3, lastEpoch: 1 };
    expect(faultOfRecords(new Uint8Array(80).fill(7), log, 2)).toMatch(/record batch/);
    expect(faultOfRecords(new Uint8Array(3), log, 2)).toMatch(/record batch/);
    expect(faultOfRecords(new Uint8Array(0), log, 2)).toBeUndefined();
  });
});

describe('the list of voters', () => {
  it('is read in both forms of a directory id', () => {
    const faults: string[] = [];
    const text = '1@127.0.0.1:9092:5c0b2f0e-1111-4222-8333-444455556666,2@[::1]:9093:XAsvDhERQiKDM0REVVVmZg';
    expect(parseVoters(text, 'V', faults)).toMatchObject([
      {
        id: 1,
        address: { host: '127.0.0.1', port: 9092 },
        directoryId: '5c0b2f0e-1111-4222-8333-444455556666',
      },
      { id: 2, address: { host: '::1', port: 9093 } },
    ]);
    // The second is the first one's id in Kafka's form.
    expect(faults).toEqual(['V: two voters have the directory id 5c0b2f0e-1111-4222-8333-444455556666']);
  });

  it.each([
    ['1@h:1', "V: must be id@host:port:directoryId, separated by commas, not '1@h:1'"],
    ['1@h:0:5c0b2f0e-1111-4222-8333-444455556666', 'must be id@host:port:directoryId'],
    ['x@h:1:5c0b2f0e-1111-4222-8333-444455556666', 'must be id@host:port:directoryId'],
    [
      '1@h:1:5c0b2f0e-1111-4222-8333-444455556666,1@h:2:6c0b2f0e-1111-4222-8333-444455556666',
      'V: broker 1 is named twice',
    ],
  ])('%s is a fault', (text, fault) => {
    const faults: string[] = [];
    parseVoters(text, 'V', faults);
    expect(faults.join()).toContain(fault);
  });
});

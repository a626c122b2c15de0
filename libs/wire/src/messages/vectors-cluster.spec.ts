/**
 * What brokers and controllers ask each other, in hexadecimal, taken apart by hand field by field, so that a mistake
 * which reading and writing have in common is seen.
 */
import { describe, it } from '@jest/globals';
import { isRequest, isResponse } from '../testing/vector.js';
import {
  alterPartitionApi,
  brokerHeartbeatApi,
  describeQuorumApi,
  electLeadersApi,
  fencePartitionsApi,
  fetchSnapshotApi,
  voteApi,
} from './index.js';

const ID = '00112233-4455-6677-8899-aabbccddeeff';
const ID_HEX = '00112233445566778899aabbccddeeff';
const OTHER = 'ffeeddcc-bbaa-9988-7766-554433221100';
const OTHER_HEX = 'ffeeddccbbaa99887766554433221100';

describe('Vote', () => {
  it('2: both directory ids, and whether it is a pre-vote', () => {
    const partition = {
      partitionIndex: 0,
      replicaEpoch: 6,
      replicaId: 1,
      replicaDirectoryId: ID,
      voterDirectoryId: OTHER,
      lastOffsetEpoch: 5,
      lastOffset: 300,
      preVote: true,
    };
    const topics = [{ topicName: 'm', partitions: [partition] }];
    isRequest(voteApi, 2, { clusterId: 'c', voterId: 2, topics }, [
      '0263 cluster',
      '00000002 voter',
      '02 topics',
      '026d name',
      '02 partitions',
      '00000000 index',
      '00000006 epoch',
      '00000001 asker',
      `${ID_HEX} its directory`,
      `${OTHER_HEX} the voter's`,
      '00000005 last epoch',
      '000000000000012c end',
      '01 pre-vote',
      '00 tags of the partition',
      '00 of the topic',
      '00 of the request',
    ]);
  });

  it('2: where leaders are reached is tagged, with an unsigned port', () => {
    const partition = { partitionIndex: 0, errorCode: 74, leaderId: 3, leaderEpoch: 7, voteGranted: false };
    const topics = [{ topicName: 'm', partitions: [partition] }];
    const nodeEndpoints = [{ nodeId: 3, host: 'h', port: 40000 }];
    isResponse(voteApi, 2, { errorCode: 0, topics, nodeEndpoints }, [
      '0000 error',
      '02026d topics, name',
      '0200000000 partitions, index',
      '004a error',
      '0000000300000007 leader, epoch',
      '00 granted',
      '0000 tags',
      '01000a one tag, 0, ten bytes',
      '0200000003 endpoints, node',
      '0268 host',
      '9c40 port',
      '00 tags',
    ]);
  });
});

describe('FetchSnapshot', () => {
  it('1: cluster id and directory id are tagged', () => {
    const partition = {
      partition: 0,
      currentLeaderEpoch: 4,
      snapshotId: { endOffset: 9, epoch: 3 },
      position: 8,
      replicaDirectoryId: ID,
    };
    const topics = [{ name: 'm', partitions: [partition] }];
    isRequest(fetchSnapshotApi, 1, { clusterId: 'c', replicaId: 2, maxBytes: 1024, topics }, [
      '00000002 replica',
      '00000400 max bytes',
      '02026d topics, name',
      '0200000000 partitions, index',
      '00000004 epoch',
      '000000000000000900000003 snapshot end, epoch',
      '00 tags of the snapshot id',
      '0000000000000008 position',
      `010010${ID_HEX} directory`,
      '00 tags of the topic',
      '0100020263 cluster',
    ]);
  });

  it('1: a piece of a snapshot', () => {
    const partition = {
      index: 0,
      errorCode: 0,
      snapshotId: { endOffset: 9, epoch: 3 },
      currentLeader: { leaderId: 1, leaderEpoch: 4 },
      size: 20,
      position: 8,
      unalignedRecords: Uint8Array.of(0xab, 0xcd),
    };
    const message = {
      throttleTimeMs: 0,
      errorCode: 0,
      topics: [{ name: 'm', partitions: [partition] }],
      nodeEndpoints: [],
    };
    isResponse(fetchSnapshotApi, 1, message, [
      '000000000000 throttle, error',
      '02026d topics, name',
      '02000000000000 partitions, index, error',
      '00000000000000090000000300 snapshot id',
      '00000000000000140000000000000008 size, position',
      '03abcd records',
      '0100 one tag, 0',
      '09000000010000000400 leader, epoch',
      '0000 tags',
    ]);
  });
});

describe('AlterPartition', () => {
  it('3: replicas with the epochs of their brokers', () => {
    const newIsrWithEpochs = [{ brokerId: 1, brokerEpoch: 10 }];
    const partition = {
      partitionIndex: 2,
      leaderEpoch: 5,
      newIsrWithEpochs,
      leaderRecoveryState: 0,
      partitionEpoch: 6,
    };
    const topics = [{ topicId: ID, partitions: [partition] }];
    isRequest(alterPartitionApi, 3, { brokerId: 1, brokerEpoch: 10, topics }, [
      '00000001000000000000000a broker, epoch',
      `02${ID_HEX} topics, id`,
      '020000000200000005 partitions, index, epoch',
      '0200000001000000000000000a00 replicas',
      '00 recovery',
      '00000006 partition epoch',
      '000000 tags',
    ]);
  });
});

describe('BrokerHeartbeat', () => {
  it('1: directories that went offline are tagged', () => {
    const message = {
      brokerId: 1,
      brokerEpoch: 2,
      currentMetadataOffset: 3,
      wantFence: false,
      wantShutDown: true,
      offlineLogDirs: [ID],
    };
    isRequest(brokerHeartbeatApi, 1, message, [
      '00000001 broker',
      '0000000000000002 epoch',
      '0000000000000003 offset',
      '0001 fence, shut down',
      `01001102${ID_HEX} tag 0, 17 bytes: one directory`,
    ]);
  });
});

describe('DescribeQuorum', () => {
  const voter = {
    replicaId: 1,
    replicaDirectoryId: ID,
    logEndOffset: 4,
    lastFetchTimestamp: -1,
    lastCaughtUpTimestamp: 5,
  };
  const partition = {
    partitionIndex: 0,
    errorCode: 0,
    errorMessage: null,
    leaderId: 1,
    leaderEpoch: 2,
    highWatermark: 3,
    currentVoters: [voter],
    observers: [],
  };

  it('1: times, no directory ids', () => {
    const plainVoter = { ...voter, replicaDirectoryId: '00000000-0000-0000-0000-000000000000' };
    const topics = [{ topicName: 'm', partitions: [{ ...partition, currentVoters: [plainVoter] }] }];
    isResponse(describeQuorumApi, 1, { errorCode: 0, errorMessage: null, topics, nodes: [] }, [
      '0000 error',
      '02026d topics, name',
      '02000000000000 partitions, index, error',
      '0000000100000002 leader, epoch',
      '0000000000000003 high watermark',
      '02000000010000000000000004 voters, id, end',
      'ffffffffffffffff000000000000000500 times',
      '01 observers',
      '000000 tags',
    ]);
  });

  it('2: directory ids, messages and nodes', () => {
    const topics = [{ topicName: 'm', partitions: [partition] }];
    const nodes = [{ nodeId: 1, listeners: [{ name: 'L', host: 'h', port: 65535 }] }];
    isResponse(describeQuorumApi, 2, { errorCode: 0, errorMessage: null, topics, nodes }, [
      '000000 error, message',
      '02026d topics, name',
      '0200000000000000 partitions, index, error, message',
      '0000000100000002 leader, epoch',
      '0000000000000003 high watermark',
      `0200000001${ID_HEX}0000000000000004 voters, id, directory, end`,
      'ffffffffffffffff000000000000000500 times',
      '01 observers',
      '0000 tags',
      '0200000001 nodes, id',
      '02024c0268ffff00 listeners',
      '0000 tags',
    ]);
  });
});

describe('ElectLeaders', () => {
  it('0 and 2: the type since 1, compact since 2; null is all topics', () => {
    isRequest(electLeadersApi, 0, { electionType: 0, topicPartitions: null, timeoutMs: 256 }, [
      'ffffffff topics',
      '00000100 timeout',
    ]);
    isRequest(electLeadersApi, 2, { electionType: 1, topicPartitions: null, timeoutMs: 256 }, [
      '01 type',
      '00 topics',
      '00000100 timeout',
      '00 tags',
    ]);
  });
});

describe('FencePartitions', () => {
  it('0: the epoch to promise, and how far the log goes', () => {
    const asked = [{ topicId: ID, partitions: [{ partition: 1, epoch: 8 }] }];
    isRequest(fencePartitionsApi, 0, { clusterId: 'c', controllerId: 3, controllerEpoch: 4, topics: asked }, [
      '0263 cluster',
      '0000000300000004 controller, epoch',
      `02${ID_HEX} topics, id`,
      '02000000010000000800 partitions',
      '0000 tags',
    ]);
    const partition = { partition: 1, errorCode: 0, epoch: 8, lastEpoch: 7, logEnd: 300 };
    isResponse(fencePartitionsApi, 0, { errorCode: 0, topics: [{ topicId: ID, partitions: [partition] }] }, [
      '0000 error',
      `02${ID_HEX} topics, id`,
      '02000000010000 partitions, index, error',
      '0000000800000007 epoch, last epoch',
      '000000000000012c end',
      '000000 tags',
    ]);
  });
});

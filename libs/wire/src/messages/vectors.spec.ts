/**
 * Whole messages in hexadecimal, taken apart by hand field by field, so that a mistake which reading and writing have
 * in common is seen.
 */
import { describe, it } from '@jest/globals';
import { ZERO_UUID } from '../bytes/uuid.js';
import { isRequest, isResponse } from '../testing/vector.js';
import { apiVersionsApi, fetchApi, metadataApi, produceApi } from './index.js';
import type { ProduceRequest } from './index.js';

const TOPIC_ID = '00112233-4455-6677-8899-aabbccddeeff';
const TOPIC_ID_HEX = '00112233445566778899aabbccddeeff';

describe('ApiVersions', () => {
  const apiKeys = [{ apiKey: 0, minVersion: 0, maxVersion: 13 }];
  const rest = { supportedFeatures: [], finalizedFeaturesEpoch: -1, finalizedFeatures: [] };

  it('0: no throttle time', () => {
    isResponse(apiVersionsApi, 0, { errorCode: 35, apiKeys, throttleTimeMs: 0, ...rest }, [
      '0023 error',
      '00000001 keys',
      '00000000000d key, min, max',
    ]);
  });

  it('2: throttle time at the end', () => {
    isResponse(apiVersionsApi, 2, { errorCode: 0, apiKeys, throttleTimeMs: 5, ...rest }, [
      '0000 error',
      '00000001 keys',
      '00000000000d key, min, max',
      '00000005 throttle',
    ]);
  });

  it('3: compact, features tagged', () => {
    isRequest(apiVersionsApi, 3, { clientSoftwareName: 'kcat', clientSoftwareVersion: '1.7' }, [
      '056b636174 name',
      '04312e37 version',
      '00 tags',
    ]);
    const finalizedFeatures = [{ name: 'f', maxVersionLevel: 2, minVersionLevel: 1 }];
    const message = {
      errorCode: 0,
      apiKeys,
      throttleTimeMs: 0,
      ...rest,
      finalizedFeaturesEpoch: 7,
      finalizedFeatures,
    };
    isResponse(apiVersionsApi, 3, message, [
      '0000 error',
      '02 keys',
      '00000000000d00 key, min, max, tags',
      '00000000 throttle',
      '02 tags',
      '01080000000000000007 epoch',
      '0208 features',
      '02026600020001 count, name, max, min',
      '00 tags',
    ]);
  });
});

describe('Metadata', () => {
  it('0 and 1: all topics', () => {
    const options = {
      allowAutoTopicCreation: true,
      includeClusterAuthorizedOperations: false,
      includeTopicAuthorizedOperations: false,
    };
    isRequest(metadataApi, 0, { topics: [], ...options }, ['00000000 topics']);
    isRequest(metadataApi, 1, { topics: null, ...options }, ['ffffffff topics']);
    isRequest(metadataApi, 9, { topics: null, ...options }, [
      '00 topics',
      '01 create',
      '0000 operations',
      '00 tags',
    ]);
  });

  it('12: a topic by id, which has no name', () => {
    const topics = [{ topicId: TOPIC_ID, name: null }];
    const message = {
      topics,
      allowAutoTopicCreation: false,
      includeClusterAuthorizedOperations: false,
      includeTopicAuthorizedOperations: true,
    };
    isRequest(metadataApi, 12, message, [
      '02 topics',
      `${TOPIC_ID_HEX} id`,
      '00 name',
      '00 tags',
      '00 create',
      '01 ops',
      '00',
    ]);
  });

  it('1: what kafkajs and librdkafka read', () => {
    const partition = {
      errorCode: 5,
      partitionIndex: 0,
      leaderId: -1,
      leaderEpoch: -1,
      replicaNodes: [1, 2],
      isrNodes: [1],
      offlineReplicas: [],
    };
    const topic = {
      errorCode: 0,
      name: 't',
      topicId: ZERO_UUID,
      isInternal: true,
      partitions: [partition],
      topicAuthorizedOperations: -2147483648,
    };
    const message = {
      throttleTimeMs: 0,
      brokers: [{ nodeId: 1, host: 'h', port: 9092, rack: null }],
      clusterId: null,
      controllerId: 1,
      topics: [topic],
      clusterAuthorizedOperations: -2147483648,
      errorCode: 0,
    };
    isResponse(metadataApi, 1, message, [
      '00000001 brokers',
      '00000001 id',
      '000168 host',
      '00002384 port',
      'ffff rack',
      '00000001 controller',
      '00000001 topics',
      '0000 error',
      '000174 name',
      '01 internal',
      '00000001 partitions',
      '0005 error',
      '00000000 index',
      'ffffffff leader',
      '000000020000000100000002 replicas',
      '0000000100000001 isr',
    ]);
  });
});

describe('Produce', () => {
  const records = Buffer.from('aabbcc', 'hex');
  const named = (name: string, topicId: string): ProduceRequest => ({
    transactionalId: null,
    acks: -1,
    timeoutMs: 1500,
    topicData: [{ name, topicId, partitionData: [{ index: 2, records }] }],
  });

  it('7: classic', () => {
    isRequest(produceApi, 7, named('t', ZERO_UUID), [
      'ffff transactional id',
      'ffff acks',
      '000005dc timeout',
      '00000001 topics',
      '000174 name',
      '00000001 partitions',
      '00000002 index',
      '00000003aabbcc records',
    ]);
  });

  it('13: by id', () => {
    isRequest(produceApi, 13, named('', TOPIC_ID), [
      '00 transactional id',
      'ffff acks',
      '000005dc timeout',
      '02 topics',
      `${TOPIC_ID_HEX} id`,
      '02 partitions',
      '00000002 index',
      '04aabbcc records',
      '000000 tags',
    ]);
  });

  it('10: the leader is named in tags', () => {
    const partition = {
      index: 2,
      errorCode: 6,
      baseOffset: -1,
      logAppendTimeMs: -1,
      logStartOffset: -1,
      recordErrors: [{ batchIndex: 1, batchIndexErrorMessage: 'x' }],
      errorMessage: null,
      currentLeader: { leaderId: 3, leaderEpoch: 4 },
    };
    const message = {
      responses: [{ name: 't', topicId: ZERO_UUID, partitionResponses: [partition] }],
      throttleTimeMs: 0,
      nodeEndpoints: [{ nodeId: 3, host: 'h', port: 9094, rack: null }],
    };
    isResponse(produceApi, 10, message, [
      '02 topics',
      '0274 name',
      '02 partitions',
      '00000002 index',
      '0006 error',
      'ffffffffffffffff base offset',
      'ffffffffffffffff append time',
      'ffffffffffffffff log start',
      '0200000001027800 record errors',
      '00 message',
      '010009 tags, tag, size',
      '000000030000000400 leader, epoch, tags',
      '00 tags',
      '00000000 throttle',
      '01000d tags, tag, size',
      '0200000003026800002386 count, id, host, port',
      '0000 rack, tags',
    ]);
  });
});

describe('Fetch', () => {
  it('11: the newest that kafkajs and librdkafka 2.0 send', () => {
    const partition = {
      partition: 1,
      currentLeaderEpoch: -1,
      fetchOffset: 258,
      lastFetchedEpoch: -1,
      logStartOffset: -1,
      partitionMaxBytes: 1048576,
      replicaDirectoryId: ZERO_UUID,
      highWatermark: 2 ** 63,
    };
    const message = {
      clusterId: null,
      replicaId: -1,
      replicaState: { replicaId: -1, replicaEpoch: -1 },
      maxWaitMs: 250,
      minBytes: 1,
      maxBytes: 10485760,
      isolationLevel: 1,
      sessionId: 0,
      sessionEpoch: -1,
      topics: [{ topic: 't', topicId: ZERO_UUID, partitions: [partition] }],
      forgottenTopicsData: [],
      rackId: '',
    };
    isRequest(fetchApi, 11, message, [
      'ffffffff replica',
      '000000fa wait',
      '00000001 least',
      '00a00000 most',
      '01 isolation',
      '00000000ffffffff session',
      '00000001 topics',
      '000174 name',
      '00000001 partitions',
      '00000001 index',
      'ffffffff leader epoch',
      '0000000000000102 offset',
      'ffffffffffffffff log start',
      '00100000 most',
      '00000000 forgotten',
      '0000 rack',
    ]);
  });

  it('4 and 12: the answer with an aborted transaction and records', () => {
    const partition = {
      partitionIndex: 0,
      errorCode: 0,
      highWatermark: 9,
      lastStableOffset: 8,
      logStartOffset: -1,
      divergingEpoch: { epoch: -1, endOffset: -1 },
      currentLeader: { leaderId: -1, leaderEpoch: -1 },
      snapshotId: { endOffset: -1, epoch: -1 },
      abortedTransactions: [{ producerId: 5, firstOffset: 6 }],
      preferredReadReplica: -1,
      records: Buffer.from('aabb', 'hex'),
    };
    const message = {
      throttleTimeMs: 0,
      errorCode: 0,
      sessionId: 0,
      responses: [{ topic: 't', topicId: ZERO_UUID, partitions: [partition] }],
      nodeEndpoints: [],
    };
    isResponse(fetchApi, 4, message, [
      '00000000 throttle',
      '00000001 topics',
      '000174 name',
      '00000001 partitions',
      '00000000 index',
      '0000 error',
      '0000000000000009 high watermark',
      '0000000000000008 last stable offset',
      '00000001 aborted',
      '00000000000000050000000000000006 producer, first offset',
      '00000002aabb records',
    ]);
    const diverged = {
      ...partition,
      logStartOffset: 0,
      divergingEpoch: { epoch: 2, endOffset: 7 },
      records: Buffer.alloc(0),
    };
    isResponse(
      fetchApi,
      12,
      { ...message, responses: [{ ...message.responses[0]!, partitions: [diverged] }] },
      [
        '00000000 throttle',
        '000000000000 error, session',
        '02 topics',
        '0274 name',
        '02 partitions',
        '00000000 index',
        '0000 error',
        '0000000000000009 high watermark',
        '0000000000000008 last stable offset',
        '0000000000000000 log start',
        '02 aborted',
        '0000000000000005000000000000000600 producer, first offset, tags',
        'ffffffff preferred replica',
        '01 records: empty, not null',
        '01000d tags, tag, size',
        '00000002000000000000000700 epoch, end, tags',
        '0000 tags',
      ],
    );
  });
});

/**
 * Whole messages in hexadecimal, taken apart by hand field by field, so that a mistake which reading and writing have
 * in common is seen.
 */
import { describe, it } from '@jest/globals';
import { ZERO_UUID } from '../bytes/uuid.js';
import { isRequest, isResponse } from '../testing/vector.js';
import {
  createTopicsApi,
  describeTopicPartitionsApi,
  findCoordinatorApi,
  joinGroupApi,
  leaveGroupApi,
  listOffsetsApi,
  offsetCommitApi,
  offsetFetchApi,
} from './index.js';

describe('groups and offsets', () => {
  it('JoinGroup 5: an empty protocol name below version 7, null from there on', () => {
    const failed = {
      throttleTimeMs: 0,
      errorCode: 79,
      generationId: -1,
      protocolType: null,
      protocolName: '',
      leader: '',
      skipAssignment: false,
      memberId: 'm',
      members: [],
    };
    const common = ['00000000 throttle', '004f error', 'ffffffff generation'];
    isResponse(joinGroupApi, 5, failed, [
      ...common,
      '0000 protocol',
      '0000 leader',
      '00016d member',
      '00000000 members',
    ]);
    isResponse(joinGroupApi, 7, { ...failed, protocolName: null }, [
      ...common,
      '0000 type, protocol',
      '01 leader',
      '026d member',
      '01 members',
      '00 tags',
    ]);
  });

  it('LeaveGroup 3: members in a list', () => {
    isRequest(
      leaveGroupApi,
      3,
      { groupId: 'g', memberId: '', members: [{ memberId: 'm', groupInstanceId: null, reason: null }] },
      ['000167 group', '00000001 members', '00016d member', 'ffff instance'],
    );
  });

  it('FindCoordinator 2 and 4: one key, then a list of them', () => {
    isRequest(findCoordinatorApi, 2, { key: 'g', keyType: 1, coordinatorKeys: [] }, [
      '000167 key',
      '01 type',
    ]);
    isRequest(findCoordinatorApi, 4, { key: '', keyType: 0, coordinatorKeys: ['g'] }, [
      '00 type',
      '020267 keys',
      '00 tags',
    ]);
  });

  it('OffsetCommit 2 (with a retention time) and OffsetFetch 1', () => {
    const partition = {
      partitionIndex: 0,
      committedOffset: 7,
      committedLeaderEpoch: -1,
      committedMetadata: null,
    };
    const message = {
      groupId: 'g',
      generationIdOrMemberEpoch: 1,
      memberId: 'm',
      groupInstanceId: null,
      retentionTimeMs: -1,
      topics: [{ name: 't', topicId: ZERO_UUID, partitions: [partition] }],
    };
    isRequest(offsetCommitApi, 2, message, [
      '000167 group',
      '00000001 generation',
      '00016d member',
      'ffffffffffffffff retention',
      '00000001 topics',
      '000174 name',
      '00000001 partitions',
      '000000000000000000000007ffff index, offset, metadata',
    ]);
    const nothing = {
      partitionIndex: 0,
      committedOffset: -1,
      committedLeaderEpoch: -1,
      metadata: '',
      errorCode: 0,
    };
    isResponse(
      offsetFetchApi,
      1,
      { throttleTimeMs: 0, topics: [{ name: 't', partitions: [nothing] }], errorCode: 0, groups: [] },
      [
        '00000001 topics',
        '000174 name',
        '00000001 partitions',
        '00000000ffffffffffffffff00000000 index, offset, metadata, error',
      ],
    );
  });

  it('ListOffsets 1: one timestamp per partition, no isolation level', () => {
    const partitions = [{ partitionIndex: 3, currentLeaderEpoch: -1, timestamp: -2 }];
    isRequest(
      listOffsetsApi,
      1,
      { replicaId: -1, isolationLevel: 0, topics: [{ name: 't', partitions }], timeoutMs: 0 },
      [
        'ffffffff replica',
        '00000001 topics',
        '000174 name',
        '00000001 partitions',
        '00000003fffffffffffffffe index, timestamp',
      ],
    );
  });
});

describe('topics', () => {
  it('CreateTopics 5: the configuration error is a tag', () => {
    const topic = {
      name: 't',
      topicId: ZERO_UUID,
      errorCode: 0,
      errorMessage: null,
      topicConfigErrorCode: 29,
      numPartitions: 12,
      replicationFactor: 1,
      configs: [],
    };
    isResponse(createTopicsApi, 5, { throttleTimeMs: 0, topics: [topic] }, [
      '00000000 throttle',
      '02 topics',
      '0274 name',
      '0000 error',
      '00 message',
      '0000000c0001 partitions, replicas',
      '01 configs',
      '010002001d tags, tag, size, error',
      '00 tags',
    ]);
  });

  it('DescribeTopicPartitions 0: a cursor that may be null', () => {
    const request = { topics: [{ name: 't' }], responsePartitionLimit: 2000, cursor: null };
    isRequest(describeTopicPartitionsApi, 0, request, [
      '02027400 topics',
      '000007d0 limit',
      'ff cursor',
      '00 tags',
    ]);
    isRequest(describeTopicPartitionsApi, 0, { ...request, cursor: { topicName: 't', partitionIndex: 1 } }, [
      '02027400 topics',
      '000007d0 limit',
      '0102740000000100 present, topic, index, tags',
      '00 tags',
    ]);
  });
});

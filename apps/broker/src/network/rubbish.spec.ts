/**
 * Valid requests of every API, damaged at random (from a fixed seed), sent to a real broker: each is answered or its
 * connection closed, none is met by a bug of ours, none costs memory that was not sent, and a well-behaved client
 * notices nothing.
 */
import {
  ErrorCode,
  buildBatch,
  createTopicsApi,
  deleteTopicsApi,
  describeConfigsApi,
  fetchApi,
  findCoordinatorApi,
  initProducerIdApi,
  joinGroupApi,
  listOffsetsApi,
  metadataApi,
  offsetCommitApi,
  offsetFetchApi,
  produceApi,
  syncGroupApi,
} from '@tidemark/wire';
import { requestFrame } from '../testing/kafka-frames.js';
import { NO_ID, RawClient } from '../testing/raw-client.js';
import { RunningBroker } from '../testing/running-broker.js';

/** More of them, or others, by hand: SPEC_ROUNDS, SPEC_SEED. */
const ROUNDS = Number(process.env.SPEC_ROUNDS ?? 1500);
const SEED = Number(process.env.SPEC_SEED ?? 20261122);

/** A small generator of its own, so that a failure can be had again (xorshift). */
function chanceFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const records = buildBatch([{ key: Buffer.from('k'), value: Buffer.from('v') }], {
  timestamp: 1_700_000_000_000,
});
const batchOf = (name: string) => [{ name, topicId: NO_ID, partitionData: [{ index: 0, records }] }];
const fetchOf = (topic: string) => [
  { topic, topicId: NO_ID, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }] },
];
const group = { groupId: 'g', memberId: '', generationId: 1 };

const SAMPLES: readonly Buffer[] = [
  ...[3, 7, 9, 13].map((version) =>
    requestFrame(produceApi, { version }, { acks: 1, timeoutMs: 100, topicData: batchOf('t') }),
  ),
  ...[4, 11, 12, 16].map((version) =>
    requestFrame(fetchApi, { version }, { maxWaitMs: 5, minBytes: 1, topics: fetchOf('t') }),
  ),
  ...[1, 6, 9, 12].map((version) =>
    requestFrame(
      metadataApi,
      { version },
      { topics: [{ name: 't', topicId: NO_ID }], allowAutoTopicCreation: false },
    ),
  ),
  ...[1, 6].map((version) =>
    requestFrame(
      listOffsetsApi,
      { version },
      {
        replicaId: -1,
        isolationLevel: 0,
        topics: [{ name: 't', partitions: [{ partitionIndex: 0, timestamp: 1000 }] }],
      },
    ),
  ),
  requestFrame(findCoordinatorApi, { version: 4 }, { key: 'g', keyType: 0, coordinatorKeys: ['g'] }),
  requestFrame(initProducerIdApi, { version: 4 }, { transactionalId: null, transactionTimeoutMs: 1000 }),
  requestFrame(
    joinGroupApi,
    { version: 7 },
    {
      ...group,
      sessionTimeoutMs: 6000,
      rebalanceTimeoutMs: 6000,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: Buffer.from([0, 1, 0, 0, 0, 1, 0, 1, 0x74, 0, 0, 0, 0]) }],
    },
  ),
  requestFrame(
    syncGroupApi,
    { version: 5 },
    { ...group, assignments: [{ memberId: 'm', assignment: Buffer.alloc(9) }] },
  ),
  requestFrame(
    offsetCommitApi,
    { version: 8 },
    {
      groupId: 'g',
      generationIdOrMemberEpoch: -1,
      memberId: '',
      topics: [
        { name: 't', partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: null }] },
      ],
    },
  ),
  requestFrame(
    offsetFetchApi,
    { version: 6 },
    { groupId: 'g', topics: [{ name: 't', partitionIndexes: [0] }] },
  ),
  requestFrame(
    createTopicsApi,
    { version: 5 },
    {
      topics: [{ name: 'made', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }],
      timeoutMs: 100,
      validateOnly: true,
    },
  ),
  requestFrame(deleteTopicsApi, { version: 5 }, { topicNames: ['none'], timeoutMs: 100 }),
  requestFrame(
    describeConfigsApi,
    { version: 4 },
    { resources: [{ resourceType: 2, resourceName: 't', configurationKeys: null }] },
  ),
];

const EXTREMES = [0, -1, -2, 1, 127, 128, 255, 32767, -32768, 2147483647, -2147483648];

/** One sample with a few bytes changed, cut or repeated; its size is right again more often than not. */
function damaged(chance: (below: number) => number): Buffer {
  let bytes = Buffer.from(SAMPLES[chance(SAMPLES.length)] ?? []);
  for (let left = 1 + chance(3); left > 0; left--) {
    const at = 4 + chance(Math.max(1, bytes.length - 8));
    const extreme = EXTREMES[chance(EXTREMES.length)] ?? 0;
    switch (chance(6)) {
      case 0:
        bytes.writeUInt8(chance(256), at);
        break;
      case 1:
        bytes.writeInt8((extreme << 24) >> 24, at);
        break;
      case 2:
        bytes.writeInt16BE((extreme << 16) >> 16, at);
        break;
      case 3:
        bytes.writeInt32BE(extreme, at);
        break;
      case 4:
        bytes = bytes.subarray(0, at);
        break;
      default:
        bytes = Buffer.concat([bytes, bytes.subarray(at)]);
    }
    if (bytes.length < 12) break;
  }
  if (bytes.length >= 4 && chance(10) > 0) bytes.writeInt32BE(bytes.length - 4, 0);
  return bytes;
}

describe('rubbish', () => {
  it('harms nobody but its sender', async () => {
    const running = await RunningBroker.start({ TIDEMARK_KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'true' });
    try {
      const good = await running.connect();
      await good.createTopic('t');
      const chance = chanceFrom(SEED);
      const before = process.memoryUsage().rss;
      const { metrics } = running.broker;
      for (let round = 0; round < ROUNDS; round++) {
        const bad = await RawClient.connect(running.addresses.kafka);
        const sample = damaged(chance);
        bad.send(sample);
        bad.socket.end();
        await bad.closed;
        if (metrics.closedConnections('internal-error') > 0) {
          throw new Error(`round ${round} met a bug of ours: ${sample.toString('hex')}`);
        }
        if (round % 100 === 0) {
          const { topics } = await good.ask(metadataApi, 4, { topics: [{ name: 't' }] });
          expect(topics[0]?.errorCode).toBe(ErrorCode.NONE);
        }
      }
      expect(metrics.closedConnections('malformed')).toBeGreaterThan(ROUNDS / 20);
      expect(metrics.closedConnections('frame-too-large')).toBeGreaterThan(0);
      expect(process.memoryUsage().rss - before).toBeLessThan(256e6);
    } finally {
      await running.stop();
    }
  }, 60_000);
});

/** Records of the metadata log, there and back, and to the byte against Kafka's. */
import type { ControllerEvent } from './controller-events.js';
import { decodeControllerEvent, encodeControllerEvent } from './metadata-records.js';

const topicId = '12345678-9abc-4def-8123-456789abcdef';
const EVENTS: ControllerEvent[] = [
  {
    type: 'BrokerRegistered',
    brokerId: 3,
    incarnationId: topicId,
    host: '127.0.0.1',
    port: 65535,
    rack: null,
    fenced: true,
    directoryId: '',
  },
  {
    type: 'BrokerRegistered',
    brokerId: 4,
    incarnationId: topicId,
    host: '::1',
    port: 9092,
    rack: 'r',
    fenced: false,
    directoryId: topicId,
    past: { epoch: 0, directorySince: 2 ** 40, inControlledShutdown: true },
  },
  { type: 'BrokerFenced', brokerId: 4, epoch: 2 ** 40 },
  { type: 'BrokerUnfenced', brokerId: 4, epoch: 2 ** 40 },
  { type: 'BrokerShutdownBegan', brokerId: 4, epoch: 2 ** 40 },
  { type: 'BrokerUnregistered', brokerId: 4, epoch: 2 ** 40 },
  { type: 'TopicCreated', topicId, name: 'täg' },
  {
    type: 'PartitionCreated',
    topicId,
    partition: 7,
    replicas: [1, 2, 3],
    isr: [1, 2],
    leader: -1,
    leaderEpoch: 4,
    partitionEpoch: 5,
  },
  {
    type: 'PartitionCreated',
    topicId,
    partition: 7,
    replicas: [1, 2, 3],
    isr: [],
    leader: -1,
    leaderEpoch: 4,
    partitionEpoch: 5,
    past: {
      elr: [2],
      lastKnownElr: [1],
      adding: [3],
      removing: [1],
      wanted: [3, 2],
      recovering: true,
      replicaSince: [0, 1, 2 ** 40],
    },
  },
  { type: 'PartitionChanged', topicId, partition: 7, leader: 2 },
  { type: 'PartitionChanged', topicId, partition: 7, isr: [] },
  { type: 'PartitionChanged', topicId, partition: 7, leader: -1, isr: [3] },
  { type: 'PartitionChanged', topicId, partition: 7, elr: [], lastKnownElr: [2], recovering: false },
  { type: 'PartitionChanged', topicId, partition: 7, replicas: [1, 2], adding: [2], removing: [] },
  { type: 'PartitionChanged', topicId, partition: 7, wanted: [2, 1] },
  { type: 'PartitionChanged', topicId, partition: 7, wanted: [] },
  { type: 'PartitionChanged', topicId, partition: 7, recovering: true },
  { type: 'TopicDeleted', topicId },
  { type: 'ConfigChanged', topic: 't', name: 'retention.ms', value: '1' },
  { type: 'ConfigChanged', topic: 't', name: 'retention.ms', value: null },
  { type: 'ProducerIdBlockAllocated', brokerId: 1, nextProducerId: 2 ** 40 },
];

describe('metadata records', () => {
  it.each(EVENTS.map((event) => [event.type, event] as const))(
    '%s survives the way to bytes and back',
    (_, event) => {
      expect(decodeControllerEvent(encodeControllerEvent(event))).toEqual(event);
    },
  );

  it('have the bytes that Kafka writes', () => {
    // Frame 1, type 2, version 0, compact "t", 16 bytes of id, no tagged fields.
    const bytes = Buffer.from(encodeControllerEvent({ type: 'TopicCreated', topicId, name: 't' }));
    expect(bytes.toString('hex')).toBe('010200' + '0274' + topicId.replaceAll('-', '') + '00');
  });

  it.each([
    ['nothing', ''],
    ['another frame version', '020200'],
    ['an unknown type', '017f00'],
    ['an unknown version', '010209'],
    ['a cut record', '0102000274'],
  ])('refuse %s', (_, hex) => {
    expect(() => decodeControllerEvent(Buffer.from(hex, 'hex'))).toThrow(
      expect.objectContaining({ name: 'WireError' }) as Error,
    );
  });
});

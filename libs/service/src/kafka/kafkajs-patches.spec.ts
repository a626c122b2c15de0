/** The corrections to kafkajs, each seen at the method that it changes. */
import Batch from 'kafkajs/src/consumer/batch.js';
import ConsumerGroup from 'kafkajs/src/consumer/consumerGroup.js';
import Decoder from 'kafkajs/src/protocol/decoder.js';
import encodeRecord from 'kafkajs/src/protocol/recordBatch/record/v0/index.js';
import decodeRecord from 'kafkajs/src/protocol/recordBatch/record/v0/decoder.js';
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';
import { socketFactory } from './kafkajs-patches.js';
import { createServer } from 'node:net';

describe('the corrections to kafkajs', () => {
  it('arm a timer for a connection on which requests wait, and none for an idle one', () => {
    const armed = (pending: unknown[]): boolean => {
      const queue = {
        pending,
        throttledUntil: -1,
        throttleCheckTimeoutId: null as NodeJS.Timeout | null,
        scheduleCheckPendingRequests: RequestQueue.prototype.scheduleCheckPendingRequests,
      };
      queue.scheduleCheckPendingRequests();
      const timer = queue.throttleCheckTimeoutId;
      if (timer !== null) clearTimeout(timer);
      return timer !== null;
    };
    expect(armed([])).toBe(false);
    expect(armed(['request'])).toBe(true);
  });

  it('hand over batches without records, but not fetches without batches', () => {
    const batch = (rawMessages: unknown[]): typeof Batch.prototype =>
      Object.assign(Object.create(Batch.prototype) as typeof Batch.prototype, { rawMessages, messages: [] });
    expect(batch(['control']).isEmptyDueToFiltering()).toBe(false);
    expect(batch(['control']).isEmpty()).toBe(false);
    expect(batch([]).isEmpty()).toBe(true);
  });

  it('pause a partition that is out of range and tell, instead of committing another offset', async () => {
    const told: unknown[] = [];
    const group = Object.assign(Object.create(ConsumerGroup.prototype) as typeof ConsumerGroup.prototype, {
      assigners: [{ offsetOutOfRange: (...place: unknown[]) => told.push(place), rest: undefined }],
      pause: (partitions: unknown) => told.push(partitions),
    });
    await group.recoverFromOffsetOutOfRange({ topic: 't', partition: 3 });
    expect(told).toEqual([[{ topic: 't', partitions: [3] }], ['t', 3]]);
  });

  it('rest after what came to the end of a log, and not before more of it or after nothing', async () => {
    const batchesUpTo = (highWatermark: string, offsets: string[]) => [
      {
        topicName: 't',
        partitions: [
          {
            partition: 0,
            highWatermark,
            abortedTransactions: [],
            messages: offsets.map((offset) => ({ offset })),
          },
        ],
      },
    ];
    const answers = [batchesUpTo('9', ['0', '1']), batchesUpTo('0', []), batchesUpTo('2', ['0', '1'])];
    let rests = 0;
    let rested: () => void = () => undefined;
    const rest = (): Promise<void> => {
      rests += 1;
      return new Promise((resolve) => (rested = resolve));
    };
    const asked = { fetch: () => Promise.resolve({ responses: answers.shift() ?? [] }) };
    const group = Object.assign(Object.create(ConsumerGroup.prototype) as typeof ConsumerGroup.prototype, {
      assigners: [{ offsetOutOfRange: () => undefined, rest }],
      cluster: { refreshMetadataIfNecessary: () => undefined, findBroker: () => asked },
      checkForStaleAssignment: () => undefined,
      subscriptionState: { assigned: () => [{ topic: 't', partitions: [0] }], isPaused: () => false },
      filterPartitionsByNode: (_node: string, partitions: unknown) => partitions,
      seekOffsets: () => undefined,
      seekOffset: { has: () => false },
      offsetManager: { committedOffsets: () => ({ t: { 0: '0' } }), nextOffset: () => '0' },
      getActiveTopicPartitions: () => ({ t: new Set([0]) }),
      preferredReadReplicasPerTopicPartition: {},
    });
    expect([await group.fetch('1'), rests]).toEqual([[expect.objectContaining({ topic: 't' })], 0]);
    expect([(await group.fetch('1')).length, rests]).toEqual([1, 0]);
    expect([(await group.fetch('1')).length, rests]).toEqual([1, 1]);
    let asksAgain = false;
    const next = group.fetch('1').then(() => (asksAgain = true));
    await group.fetch('2');
    expect(asksAgain).toBe(false);
    rested();
    await next;
  });

  it.each<[string, Record<string, unknown>]>([
    ['none', {}],
    ['some', { id: Buffer.from('1'), type: Buffer.from('x') }],
    ['an empty one', { id: Buffer.alloc(0) }],
    ['repeated ones', { id: [Buffer.from('1'), Buffer.from('2'), Buffer.from('3')], type: Buffer.from('x') }],
    ['names that every object knows', { toString: Buffer.from('1'), ['__proto__']: Buffer.from('2') }],
  ])('read the headers of a record: %s', (_what, headers) => {
    const record = new Decoder(encodeRecord({ key: null, value: Buffer.from('v'), headers }).buffer);
    record.readVarInt();
    const batch = { firstOffset: '0', firstTimestamp: '0', magicByte: 2 };
    expect(Object.entries(decodeRecord(record, batch).headers)).toEqual(Object.entries(headers));
  });

  it('connect', async () => {
    const server = createServer((socket) => socket.end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    await new Promise<void>((resolve, reject) => {
      const socket = socketFactory({ host: '127.0.0.1', port, ssl: null as never, onConnect: resolve });
      socket.on('error', reject);
      socket.resume();
    });
    await new Promise((resolve) => server.close(resolve));
  });
});

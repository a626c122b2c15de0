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
      assigners: [{ offsetOutOfRange: (...place: unknown[]) => told.push(place) }],
      pause: (partitions: unknown) => told.push(partitions),
    });
    await group.recoverFromOffsetOutOfRange({ topic: 't', partition: 3 });
    expect(told).toEqual([[{ topic: 't', partitions: [3] }], ['t', 3]]);
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

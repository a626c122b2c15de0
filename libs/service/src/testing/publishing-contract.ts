/**
 * What the port to topics promises to those who create topics and publish.
 */
import { partitionKey } from '@tidemark/contracts';
import { partitionOf } from '../topics/partitioner.js';
import { TopicsError } from '../topics/topics.js';
import { collect, freshName, textOf as text } from './eventually.js';
import type { ContractPromise } from './topics-contract.js';

export const PUBLISHING_PROMISES: readonly ContractPromise[] = [
  {
    says: 'are created once, whoever asks, and compared afterwards',
    check: async ({ topics, harness }) => {
      const topic = freshName();
      const spec = { name: topic, partitions: 3, configs: { 'retention.ms': '600000' } };
      const other = harness.connect('replica-2');
      await Promise.all([topics.ensure([spec]), other.ensure([spec])]);
      await topics.ensure([spec]);
      expect(await other.partitions(topic)).toBe(3);
      await expect(
        topics.ensure([{ ...spec, partitions: 4, configs: { 'retention.ms': '1' } }]),
      ).rejects.toMatchObject({
        code: 'mismatch',
        message: expect.stringMatching(
          /3 partitions instead of 4.*retention\.ms=600000 instead of 1/s,
        ) as unknown,
      });
      await other.close();
    },
  },

  {
    says: 'that do not exist are said not to, and not created',
    check: async ({ topics }) => {
      const topic = freshName();
      await expect(topics.partitions(topic)).rejects.toMatchObject({ code: 'unknown-topic' });
      await expect(topics.publish(topic, [{ key: null, value: 'x' }])).rejects.toMatchObject({
        code: 'unknown-topic',
      });
      await expect(topics.partitions(topic)).rejects.toBeInstanceOf(TopicsError);
    },
  },
  {
    says: 'puts a key where every other client does, and answers in the order of the records',
    check: async ({ topics, create }) => {
      const topic = await create(4);
      const keys = ['a', 'b', 'c', 'exp_1', ''];
      const published = await topics.publish(
        topic,
        keys.map((key) => ({ key, value: key })),
      );
      expect(published.map(({ partition }) => partition)).toEqual(keys.map((key) => partitionOf(key, 4)));
      const again = await topics.publish(topic, [
        { key: 'a', value: 'again' },
        { key: null, value: 'x', partition: 2 },
      ]);
      expect(again[0]?.partition).toBe(published[0]?.partition);
      expect(again[0]?.offset).toBeGreaterThan(published[0]?.offset ?? Infinity);
      expect(again[1]?.partition).toBe(2);
    },
  },

  {
    says: 'keeps the order of concurrent calls, and the records of a call side by side',
    check: async ({ topics, create }) => {
      const topic = await create(1);
      const calls = Array.from({ length: 300 }, (_, call) =>
        topics.publish(topic, [
          { key: null, value: `${call}a` },
          { key: null, value: `${call}b` },
        ]),
      );
      const published = await Promise.all(calls);
      const offsets = published.map((records) => records.map(({ offset }) => offset));
      expect(offsets.flat()).toEqual(Array.from({ length: 600 }, (_, offset) => offset));
      const { records, close } = await collect(topics, topic, 600);
      expect(records.map(text).slice(0, 4)).toEqual(['0a', '0b', '1a', '1b']);
      await close();
    },
  },

  {
    says: 'leaves keys, values and headers as they are, byte for byte',
    check: async ({ topics, create }) => {
      const topic = await create(1);
      const bytes = Buffer.from([0xff, 0x00, 0xfe, 0x80]);
      await topics.publish(topic, [
        { key: bytes, value: bytes, headers: { raw: bytes, word: 'ä', twice: [bytes, Buffer.from('2')] } },
        { key: null, value: null },
        { key: '', value: '' },
      ]);
      const { records, close } = await collect(topics, topic, 3);
      const [first, second, third] = records;
      expect(first?.rawKey?.equals(bytes)).toBe(true);
      expect(first?.value?.equals(bytes)).toBe(true);
      expect(first?.headers).toEqual({
        raw: bytes,
        word: Buffer.from('ä'),
        twice: [bytes, Buffer.from('2')],
      });
      expect(second).toMatchObject({ key: null, rawKey: null, value: null, headers: {} });
      expect(third?.key).toBe('');
      expect(third?.value?.length).toBe(0);
      await close();
    },
  },

  {
    says: 'refuses what is too large before it is sent',
    check: async ({ topics, create }) => {
      const topic = await create(1);
      await expect(
        topics.publish(topic, [{ key: null, value: 'x'.repeat(1024 * 1024) }]),
      ).rejects.toMatchObject({ code: 'too-large' });
      await topics.publish(topic, [{ key: null, value: 'x'.repeat(800 * 1024) }]);
      expect(await topics.ends(topic)).toEqual(new Map([[partitionKey(topic, 0), 1]]));
    },
  },
];

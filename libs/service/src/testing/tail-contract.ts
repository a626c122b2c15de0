/**
 * What the port to topics promises to those who read every partition.
 */
import { partitionKey } from '@tidemark/contracts';
import type { Gap, TopicRecord } from '../topics/topics.js';
import { collect, eventually, textOf as text } from './eventually.js';
import type { ContractPromise } from './topics-contract.js';

export const TAIL_PROMISES: readonly ContractPromise[] = [
  {
    says: 'reads every partition from the beginning, says when it has caught up, and goes on',
    check: async ({ topics, create, publishNumbers }) => {
      const topic = await create(3);
      await publishNumbers(topic, 50);
      const { records, tail, close } = await collect(topics, topic, 0);
      await tail.caughtUp;
      expect(records.length).toBe(50);
      expect(tail.lag()).toBe(0);
      expect(tail.positions()).toEqual(await topics.ends(topic));
      await publishNumbers(topic, 50, 50);
      await eventually(() => records.length === 100);
      expect(records.map(text).sort()).toEqual(Array.from({ length: 100 }, (_, n) => String(n)).sort());
      await close();
      await publishNumbers(topic, 1);
      expect(records.length).toBe(100);
    },
  },

  {
    says: 'begins at the end or at positions',
    check: async ({ topics, create, publishNumbers }) => {
      const topic = await create(1);
      await publishNumbers(topic, 10);
      const atEnd = await collect(topics, topic, 0, 'end');
      const atSeven = await collect(topics, topic, 0, new Map([[partitionKey(topic, 0), 7]]));
      await atSeven.tail.caughtUp;
      expect(atSeven.records.map(text)).toEqual(['7', '8', '9']);
      await atEnd.tail.caughtUp;
      await publishNumbers(topic, 1, 10);
      await eventually(() => atEnd.records.length > 0 && atSeven.records.length === 4);
      expect(atEnd.records.map(text)).toEqual(['10']);
      await atEnd.close();
      await atSeven.close();
    },
  },

  {
    says: 'gives a batch that was not taken again, and nothing after it before',
    check: async ({ topics, create, publishNumbers }) => {
      const topic = await create(1);
      await publishNumbers(topic, 5);
      const taken: string[] = [];
      let failures = 0;
      const tail = await topics.tail({
        topics: [topic],
        purpose: 'stubborn',
        from: 'beginning',
        onBatch: (batch) => {
          if (failures < 2) {
            failures += 1;
            throw new Error('not yet');
          }
          taken.push(...batch.records.map(text));
        },
      });
      await tail.caughtUp;
      expect(failures).toBe(2);
      expect(taken).toEqual(['0', '1', '2', '3', '4']);
      await tail.close();
    },
  },

  {
    says: 'seeks: what was fetched is dropped, and reading goes on there',
    check: async ({ topics, create, publishNumbers }) => {
      const topic = await create(1);
      await publishNumbers(topic, 20);
      const { records, tail, close } = await collect(topics, topic, 20);
      tail.seek(topic, 0, 15);
      await eventually(() => records.length === 25);
      expect(records.slice(20).map(text)).toEqual(['15', '16', '17', '18', '19']);
      await close();
    },
  },

  {
    says: 'stops fetching for a slow reader and loses nothing',
    check: async ({ topics, create, publishNumbers }) => {
      const topic = await create(1);
      for (let part = 0; part < 10; part += 1) await publishNumbers(topic, 1_000, part * 1_000);
      const offsets: number[] = [];
      let open: () => void = () => undefined;
      const gate = new Promise<void>((resolve) => (open = resolve));
      const tail = await topics.tail({
        topics: [topic],
        purpose: 'slow',
        from: 'beginning',
        onBatch: async (batch) => {
          await gate;
          offsets.push(...batch.records.map(({ offset }) => offset));
        },
      });
      open();
      await tail.caughtUp;
      expect(offsets).toEqual(Array.from({ length: 10_000 }, (_, offset) => offset));
      await tail.close();
    },
  },

  {
    says: 'goes on at the start when its position was deleted, and tells',
    check: async ({ topics, harness, create, publishNumbers }) => {
      const topic = await create(1);
      await publishNumbers(topic, 10);
      await harness.deleteBefore(topic, 0, 6);
      const gaps: Gap[] = [];
      const records: TopicRecord[] = [];
      const tail = await topics.tail({
        topics: [topic],
        purpose: 'gap',
        from: new Map([[partitionKey(topic, 0), 2]]),
        onBatch: (batch) => void records.push(...batch.records),
        onGap: (gap) => gaps.push(gap),
      });
      await tail.caughtUp;
      expect(records.map(text)).toEqual(['6', '7', '8', '9']);
      expect(gaps).toEqual([{ topic, partition: 0, position: 2, logStart: 6, logEnd: 10 }]);
      await tail.close();
    },
  },

  {
    says: 'waits when its position lies past the end, and never jumps',
    check: async ({ topics, create, publishNumbers }) => {
      const topic = await create(1);
      await publishNumbers(topic, 3);
      const gaps: Gap[] = [];
      const records: TopicRecord[] = [];
      const tail = await topics.tail({
        topics: [topic],
        purpose: 'ahead',
        from: new Map([[partitionKey(topic, 0), 5]]),
        onBatch: (batch) => void records.push(...batch.records),
        onGap: (gap) => gaps.push(gap),
      });
      await eventually(() => gaps.length > 0);
      await publishNumbers(topic, 4, 3);
      await eventually(() => records.length === 2);
      expect(records.map(text)).toEqual(['5', '6']);
      expect(gaps).toEqual([{ topic, partition: 0, position: 5, logStart: 0, logEnd: 3 }]);
      await tail.close();
    },
  },
];

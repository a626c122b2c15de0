/**
 * What the port to topics promises, as specs that every implementation runs. A harness gives fresh clusters; topics
 * are made by each spec under a name of its own, so that one cluster serves them all.
 */
import { partitionKey } from '@tidemark/contracts';
import { partitionOf } from '../topics/partitioner.js';
import type {
  Assignment,
  DeliveredBatch,
  Gap,
  OwnershipOptions,
  TopicRecord,
  Topics,
} from '../topics/topics.js';
import { TopicsError } from '../topics/topics.js';
import { collect, eventually, freshName } from './eventually.js';

export interface TopicsHarness {
  /** A replica's connection to the one cluster. */
  connect(replica: string): Topics;
  /** Removes what lies before `offset`, as retention would. */
  deleteBefore(topic: string, partition: number, offset: number): Promise<void>;
  stop(): Promise<void>;
}

const text = (record: TopicRecord): string => record.value?.toString('utf8') ?? 'null';

export function topicsContract(name: string, start: () => Promise<TopicsHarness>): void {
  describe(`the port to topics, ${name}`, () => {
    let harness: TopicsHarness;
    let topics: Topics;
    beforeAll(async () => {
      harness = await start();
      topics = harness.connect('replica-1');
    }, 60_000);
    afterAll(async () => {
      await topics.close();
      await harness.stop();
    }, 60_000);

    const create = async (partitions: number): Promise<string> => {
      const topic = freshName();
      await topics.ensure([{ name: topic, partitions }]);
      return topic;
    };
    const publishNumbers = async (topic: string, count: number, from = 0): Promise<void> => {
      const values = Array.from({ length: count }, (_, index) => String(from + index));
      await topics.publish(
        topic,
        values.map((value) => ({ key: value, value })),
      );
    };

    describe('topics', () => {
      it('are created once, whoever asks, and compared afterwards', async () => {
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
          message: expect.stringMatching(/3 partitions instead of 4.*retention\.ms=600000 instead of 1/s),
        });
        await other.close();
      });

      it('that do not exist are said not to, and not created', async () => {
        const topic = freshName();
        await expect(topics.partitions(topic)).rejects.toMatchObject({ code: 'unknown-topic' });
        await expect(topics.publish(topic, [{ key: null, value: 'x' }])).rejects.toMatchObject({
          code: 'unknown-topic',
        });
        await expect(topics.partitions(topic)).rejects.toBeInstanceOf(TopicsError);
      }, 30_000);
    });

    describe('publishing', () => {
      it('puts a key where every other client does, and answers in the order of the records', async () => {
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
      });

      it('keeps the order of concurrent calls, and the records of a call side by side', async () => {
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
      });

      it('leaves keys, values and headers as they are, byte for byte', async () => {
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
      });

      it('refuses what is too large before it is sent', async () => {
        const topic = await create(1);
        await expect(
          topics.publish(topic, [{ key: null, value: 'x'.repeat(1024 * 1024) }]),
        ).rejects.toMatchObject({ code: 'too-large' });
        await topics.publish(topic, [{ key: null, value: 'x'.repeat(800 * 1024) }]);
        expect(await topics.ends(topic)).toEqual(new Map([[partitionKey(topic, 0), 1]]));
      });
    });

    describe('a tail', () => {
      it('reads every partition from the beginning, says when it has caught up, and goes on', async () => {
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
      });

      it('begins at the end or at positions', async () => {
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
      });

      it('gives a batch that was not taken again, and nothing after it before', async () => {
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
      });

      it('seeks: what was fetched is dropped, and reading goes on there', async () => {
        const topic = await create(1);
        await publishNumbers(topic, 20);
        const { records, tail, close } = await collect(topics, topic, 20);
        tail.seek(topic, 0, 15);
        await eventually(() => records.length === 25);
        expect(records.slice(20).map(text)).toEqual(['15', '16', '17', '18', '19']);
        await close();
      });

      it('stops fetching for a slow reader and loses nothing', async () => {
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
      }, 30_000);

      it('goes on at the start when its position was deleted, and tells', async () => {
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
      }, 30_000);

      it('waits when its position lies past the end, and never jumps', async () => {
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
      }, 30_000);
    });

    describe('ownership', () => {
      interface Owner {
        readonly assignments: Assignment[];
        readonly revoked: number[];
        readonly batches: DeliveredBatch[];
        readonly options: OwnershipOptions;
      }
      const owner = (group: string, from: OwnershipOptions['topics']): Owner => {
        const seen: Omit<Owner, 'options'> = { assignments: [], revoked: [], batches: [] };
        const options: OwnershipOptions = {
          group,
          topics: from,
          onAssigned: (assignment) => void seen.assignments.push(assignment),
          onRevoked: (partition) => void seen.revoked.push(partition),
          onBatch: (batch) => void seen.batches.push(batch),
        };
        return { ...seen, options };
      };
      const offsetsOf = ({ batches }: Owner, topic: string, partition: number): number[] =>
        batches
          .filter((batch) => batch.topic === topic && batch.partition === partition)
          .flatMap((batch) => batch.records.map(({ offset }) => offset));

      it('begins at the committed position or the beginning, and says where the logs end', async () => {
        const [commands, events] = [await create(1), await create(1)];
        await publishNumbers(commands, 5);
        await publishNumbers(events, 4);
        const from = new Map([
          [commands, 'committed'],
          [events, 'beginning'],
        ] as const);
        const group = freshName();
        const first = owner(group, from);
        const held = await topics.own(first.options);
        await eventually(() => offsetsOf(first, commands, 0).length === 5);
        held.commit(commands, 0, 3);
        held.commit(events, 0, 4);
        await held.close();
        expect(first.revoked).toEqual([0]);
        const second = owner(group, from);
        const heldAgain = await topics.own(second.options);
        await eventually(() => offsetsOf(second, events, 0).length === 4);
        await eventually(() => offsetsOf(second, commands, 0).length === 2);
        expect(offsetsOf(second, commands, 0)).toEqual([3, 4]);
        expect(offsetsOf(second, events, 0)).toEqual([0, 1, 2, 3]);
        expect(second.assignments).toEqual([
          {
            partition: 0,
            positions: new Map([
              [commands, 3],
              [events, 0],
            ]),
            ends: new Map([
              [commands, 5],
              [events, 4],
            ]),
          },
        ]);
        await heldAgain.close();
      }, 30_000);

      it('shares partition numbers over members, moves few of them, and interrupts no others', async () => {
        const [one, two] = [await create(6), await create(6)];
        const from = new Map([
          [one, 'beginning'],
          [two, 'beginning'],
        ] as const);
        const group = freshName();
        const [left, right] = [owner(group, from), owner(group, from)];
        const other = harness.connect('replica-2');
        const leftHeld = await topics.own(left.options);
        await eventually(() => left.assignments.length === 6);
        await publishNumbers(one, 60);
        await eventually(() => left.batches.reduce((sum, batch) => sum + batch.records.length, 0) === 60);
        const rightHeld = await other.own(right.options);
        await eventually(() => right.assignments.length === 3);
        await eventually(() => leftHeld.partitions().length === 3);
        expect([...leftHeld.partitions(), ...rightHeld.partitions()].sort()).toEqual([0, 1, 2, 3, 4, 5]);
        expect(left.revoked.sort()).toEqual([...rightHeld.partitions()]);
        await publishNumbers(two, 60);
        await eventually(
          () =>
            [...left.batches, ...right.batches]
              .filter((batch) => batch.topic === two)
              .reduce((sum, batch) => sum + batch.records.length, 0) === 60,
        );
        for (const partition of leftHeld.partitions()) {
          const offsets = offsetsOf(left, one, partition);
          expect(offsets).toEqual(offsets.map((_, offset) => offset));
          expect(offsetsOf(right, two, partition)).toEqual([]);
        }
        await leftHeld.close();
        await eventually(() => rightHeld.partitions().length === 6);
        await rightHeld.close();
        await other.close();
      }, 40_000);

      it('keeps groups of one process apart', async () => {
        const topic = await create(2);
        await publishNumbers(topic, 20);
        const owners = [freshName(), freshName()].map((group) =>
          owner(group, new Map([[topic, 'committed']])),
        );
        const held = await Promise.all(owners.map(({ options }) => topics.own(options)));
        for (const each of owners) {
          await eventually(() => offsetsOf(each, topic, 0).length + offsetsOf(each, topic, 1).length === 20);
        }
        for (const each of held) await each.close();
      }, 30_000);
    });

    it('says that it is closed', async () => {
      const closing = harness.connect('replica-3');
      await closing.close();
      await expect(closing.publish('x', [{ key: null, value: 'x' }])).rejects.toMatchObject({
        code: 'closed',
      });
      await expect(
        closing.tail({ topics: [], purpose: 'x', from: 'end', onBatch: () => undefined }),
      ).rejects.toBeInstanceOf(TopicsError);
    });
  });
}

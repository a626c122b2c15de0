/**
 * What the port to topics promises, as specs that every implementation runs. A harness gives a fresh cluster; topics
 * are made by each spec under a name of its own, so that one cluster serves them all. The promises themselves are data,
 * in the files beside this one.
 */
import type { Topics } from '../topics/topics.js';
import { TopicsError } from '../topics/topics.js';
import { freshName } from './eventually.js';
import { OWNERSHIP_PROMISES } from './ownership-contract.js';
import { PUBLISHING_PROMISES } from './publishing-contract.js';
import { TAIL_PROMISES } from './tail-contract.js';

export interface TopicsHarness {
  /** A replica's connection to the one cluster. */
  connect(replica: string): Topics;
  /** Removes what lies before `offset`, as retention would. */
  deleteBefore(topic: string, partition: number, offset: number): Promise<void>;
  stop(): Promise<void>;
}

export interface ContractContext {
  readonly harness: TopicsHarness;
  readonly topics: Topics;
  /** A new topic's name. */
  readonly create: (partitions: number) => Promise<string>;
  /** Publishes the numbers from `from` on, each its own key. */
  readonly publishNumbers: (topic: string, count: number, from?: number) => Promise<void>;
}

export interface ContractPromise {
  readonly says: string;
  readonly check: (context: ContractContext) => Promise<void>;
}

const CLOSED_PROMISES: readonly ContractPromise[] = [
  {
    says: 'nothing more is done for anybody',
    check: async ({ harness }) => {
      const closing = harness.connect('replica-3');
      await closing.close();
      const record = { key: null, value: 'x' };
      await expect(closing.publish('x', [record])).rejects.toMatchObject({ code: 'closed' });
      const tail = closing.tail({ topics: [], purpose: 'x', from: 'end', onBatch: () => undefined });
      await expect(tail).rejects.toBeInstanceOf(TopicsError);
    },
  },
];

const PROMISES = [
  ['topics and publishing', PUBLISHING_PROMISES],
  ['a tail', TAIL_PROMISES],
  ['ownership', OWNERSHIP_PROMISES],
  ['once closed', CLOSED_PROMISES],
] as const;
const WITHIN_MS = 60_000;

function contextOf(harness: TopicsHarness): ContractContext {
  const topics = harness.connect('replica-1');
  return {
    harness,
    topics,
    create: async (partitions) => {
      const topic = freshName();
      await topics.ensure([{ name: topic, partitions }]);
      return topic;
    },
    publishNumbers: async (topic, count, from = 0) => {
      const values = Array.from({ length: count }, (_, index) => String(from + index));
      const records = values.map((value) => ({ key: value, value }));
      await topics.publish(topic, records);
    },
  };
}

export function topicsContract(name: string, start: () => Promise<TopicsHarness>): void {
  describe(`the port to topics, ${name}`, () => {
    let context: ContractContext;
    beforeAll(async () => {
      context = contextOf(await start());
    }, WITHIN_MS);
    afterAll(async () => {
      await context.topics.close();
      await context.harness.stop();
    }, WITHIN_MS);
    describe.each(PROMISES)('%s', (_subject, promises) => {
      it.each(promises)('$says', ({ check }) => check(context), WITHIN_MS);
    });
  });
}

/** The book of requests: first answer, deadline, sending again, limits, addresses. */
import { nodeClock, nodeRandom } from '@tidemark/platform/node';
import { MemoryLog } from '../memory/memory-log.js';
import { MemoryTopics } from '../memory/memory-topics.js';
import { eventually } from '../testing/eventually.js';
import type { TopicRecord, Topics } from '../topics/topics.js';
import { replyAddress, replyRecord } from './reply-protocol.js';
import { RequestReply } from './request-reply.js';

describe('the book of requests', () => {
  let topics: Topics;
  let book: RequestReply;
  let asked: TopicRecord[];
  beforeEach(async () => {
    topics = new MemoryTopics({ log: new MemoryLog(), clock: nodeClock, replica: 'api-1' });
    await topics.ensure([{ name: 'questions', partitions: 3 }]);
    book = await RequestReply.open({
      topics,
      clock: nodeClock,
      random: nodeRandom,
      replies: { name: 'tidemark.replies.api-1', partitions: 1 },
      waitingMax: 5,
    });
    asked = [];
    await topics.tail({
      topics: ['questions'],
      purpose: 'answering',
      from: 'end',
      onBatch: (batch) => void asked.push(...batch.records),
    });
  });
  afterEach(async () => {
    await book.close();
    await topics.close();
  });
  const answer = async (record: TopicRecord | undefined, value: string): Promise<void> => {
    const address = record === undefined ? undefined : replyAddress(record);
    if (address !== undefined) await topics.publish(address.topic, [replyRecord(address, value)]);
  };
  const question = { topic: 'questions', key: null, value: '?' } as const;

  it('settles with the first answer and counts later ones', async () => {
    const outcome = book.request({ ...question, headers: { actor: 'me' } });
    await eventually(() => asked.length === 1);
    expect(asked[0]?.headers.actor?.toString()).toBe('me');
    await answer(asked[0], 'first');
    await answer(asked[0], 'second');
    const settled = await outcome;
    expect('reply' in settled ? settled.reply.value?.toString() : settled).toBe('first');
    await eventually(() => book.counts.late === 1);
    expect(book.counts).toEqual({ sent: 1, answered: 1, resent: 0, timedOut: 0, late: 1, waiting: 0 });
  });

  it('ends every request within its deadline', async () => {
    expect(await book.request({ ...question, deadlineMs: 30 })).toEqual({ failed: 'timeout' });
    await answer(asked[0], 'too late');
    await eventually(() => book.counts.late === 1);
    expect(book.counts).toMatchObject({ timedOut: 1, waiting: 0 });
  });

  it('sends a question again to another partition until it is answered', async () => {
    const outcome = book.request({ ...question, resendAfterMs: 20, deadlineMs: 5_000 });
    await eventually(() => asked.length >= 3);
    expect(new Set(asked.slice(0, 3).map(({ partition }) => partition)).size).toBe(3);
    const ids = new Set(asked.map((record) => replyAddress(record)?.correlationId));
    expect(ids.size).toBe(1);
    await answer(asked[2], 'at last');
    expect(await outcome).toHaveProperty('reply');
  });

  it('does not send commands again', async () => {
    await book.request({ ...question, key: 'exp_1', deadlineMs: 100 });
    expect(asked).toHaveLength(1);
  });

  it('says at once when it could not be sent, when there are too many, and when it is closed', async () => {
    expect(await book.request({ ...question, topic: 'nowhere' })).toEqual({ failed: 'unavailable' });
    const waiting = Array.from({ length: 5 }, () => book.request({ ...question, deadlineMs: 50 }));
    expect(await book.request(question)).toEqual({ failed: 'overloaded' });
    await book.close();
    expect(await Promise.all(waiting)).toEqual(Array(5).fill({ failed: 'timeout' }));
    expect(await book.request(question)).toEqual({ failed: 'unavailable' });
  });

  it('takes no address that leads anywhere but to a topic for replies', () => {
    const record = (topic: string, id: string): TopicRecord => ({
      topic: 'questions',
      partition: 0,
      offset: 0,
      timestamp: 0,
      key: null,
      rawKey: null,
      value: null,
      headers: { 'reply-to': Buffer.from(topic), 'correlation-id': Buffer.from(id) },
    });
    expect(replyAddress(record('tidemark.replies.x', 'a'))).toMatchObject({
      correlationId: 'a',
      deadline: Infinity,
    });
    for (const [topic, id] of [
      ['tidemark.experiments', 'a'],
      ['tidemark.replies.x', ''],
      ['tidemark.replies.x', 'a'.repeat(201)],
    ] as const)
      expect(replyAddress(record(topic, id))).toBeUndefined();
  });
});

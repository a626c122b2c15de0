/** A NestJS application over topics in memory: groups, retries, dead letters, questions, draining. */
/* eslint-disable @typescript-eslint/no-unnecessary-type-arguments -- without <string> the overload for typed events is taken, which allows no second parameter */
import 'reflect-metadata';
import { Controller, Module } from '@nestjs/common';
import type { INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { DEAD_LETTERS_TOPIC, headerText } from '@tidemark/contracts';
import { nodeClock, nodeRandom } from '@tidemark/platform/node';
import { EMPTY } from 'rxjs';
import type { Observable } from 'rxjs';
import { silentLogger } from '../hosting/logger.js';
import { MemoryLog } from '../memory/memory-log.js';
import { MemoryTopics } from '../memory/memory-topics.js';
import { RequestReply } from '../requests/request-reply.js';
import { REPLY_DEADLINE_HEADER } from '../requests/reply-protocol.js';
import { collect, eventually } from '../testing/eventually.js';
import { DEAD_LETTER_HEADERS } from '../worker/dead-letters.js';
import { UnprocessableError } from '../worker/retry.js';
import { PassErrorsFilter } from './pass-errors-filter.js';
import { TopicContext } from './topic-context.js';
import { TOPICS, TopicTransport } from './topic-transport.js';

const seen = {
  audit: [] as string[],
  mail: [] as string[],
  attempts: [] as number[],
  bytes: [] as unknown[],
};
let gate: Promise<void> = Promise.resolve();
const RETRY = { attemptsMax: 3, backOffMs: 1 };

@Controller()
class Handlers {
  @EventPattern<string>('orders', TOPICS, { group: 'audit' })
  audit(@Payload() order: string, @Ctx() context: TopicContext): void {
    seen.audit.push(order);
    seen.bytes.push(context.record.headers.raw);
  }

  @EventPattern<string>('orders', TOPICS, { group: 'mail', retry: RETRY })
  async mail(@Payload() order: string, @Ctx() context: TopicContext): Promise<void> {
    seen.attempts.push(context.attempt);
    if (order === 'poison') throw new RangeError('no such order');
    if (order === 'hopeless') throw new UnprocessableError('never');
    if (order === 'shaky' && context.attempt < 3) throw new Error('not yet');
    await gate;
    seen.mail.push(order);
  }

  @EventPattern<string>('orders', TOPICS, { group: 'nothing' })
  nothing(): Observable<never> {
    return EMPTY;
  }

  @MessagePattern('questions', TOPICS, { group: 'answers', retry: RETRY })
  answer(@Payload() question: string): string {
    if (question === 'why') throw new TypeError('no reason');
    return `${question}!`;
  }
}

@Module({ controllers: [Handlers] })
class HandlersModule {}

describe('NestJS over topics', () => {
  const log = new MemoryLog();
  const topics = new MemoryTopics({ log, clock: nodeClock, replica: 'nest-1' });
  let app: INestMicroservice;
  let transport: TopicTransport;
  let book: RequestReply;

  const startApp = async (): Promise<void> => {
    transport = new TopicTransport({
      topics,
      clock: nodeClock,
      logger: silentLogger,
      decode: (record) => {
        const text = record.value?.toString();
        if (text === undefined) throw new SyntaxError('no value');
        return text;
      },
      encodeReply: (result) => ({ value: JSON.stringify(result) }),
      encodeFailure: (error) => ({ value: JSON.stringify({ failed: error.message }) }),
    });
    app = await NestFactory.createMicroservice(HandlersModule, { strategy: transport, logger: false });
    app.useGlobalFilters(new PassErrorsFilter());
    await app.listen();
    await transport.joined();
  };
  beforeAll(async () => {
    await topics.ensure(
      ['orders', 'questions', DEAD_LETTERS_TOPIC].map((name) => ({
        name,
        partitions: name === 'questions' ? 3 : 1,
      })),
    );
    book = await RequestReply.open({
      topics,
      clock: nodeClock,
      random: nodeRandom,
      replies: { name: 'tidemark.replies.nest-1', partitions: 1 },
    });
    await startApp();
  });
  afterAll(async () => {
    await app.close();
    await book.close();
    await topics.close();
  });

  it('gives every group every record, with its bytes', async () => {
    const raw = Buffer.from([0xff, 0x00]);
    await topics.publish('orders', [{ key: 'a', value: 'one', headers: { raw } }]);
    await eventually(() => seen.audit.length === 1 && seen.mail.length === 1);
    expect(seen.bytes).toEqual([raw]);
  });

  it('tries again a bounded number of times, then writes a dead letter and goes on', async () => {
    seen.attempts.length = 0;
    for (const value of ['shaky', 'poison', 'hopeless', 'after'])
      await topics.publish('orders', [{ key: 'a', value }]);
    await topics.publish('orders', [{ key: 'a', value: null }]);
    await eventually(() => seen.mail.includes('after'));
    expect(seen.mail).toEqual(['one', 'shaky', 'after']);
    expect(seen.attempts).toEqual([1, 2, 3, 1, 2, 3, 1, 1]);
    const { records, close } = await collect(topics, DEAD_LETTERS_TOPIC, 5);
    const letters = records.map(({ headers }) =>
      [DEAD_LETTER_HEADERS.group, DEAD_LETTER_HEADERS.errorClass, DEAD_LETTER_HEADERS.attempts].map((name) =>
        headerText(headers, name),
      ),
    );
    expect(letters.sort()).toEqual([
      ['audit', 'SyntaxError', '1'],
      ['mail', 'RangeError', '3'],
      ['mail', 'SyntaxError', '1'],
      ['mail', 'UnprocessableError', '1'],
      ['nothing', 'SyntaxError', '1'],
    ]);
    await close();
  });

  it('answers questions, says why it cannot, and passes over those that nobody waits for', async () => {
    const ask = async (value: string): Promise<unknown> => {
      const outcome = await book.request({ topic: 'questions', key: null, value, resendAfterMs: 500 });
      return 'reply' in outcome ? JSON.parse(outcome.reply.value?.toString() ?? '') : outcome;
    };
    expect(await Promise.all(['what', 'who'].map(ask))).toEqual(['what!', 'who!']);
    expect(await ask('why')).toEqual({ failed: 'no reason' });
    await topics.publish('questions', [
      {
        key: null,
        value: 'too late',
        headers: {
          'reply-to': 'tidemark.replies.nest-1',
          'correlation-id': 'x',
          [REPLY_DEADLINE_HEADER]: String(Date.now() - 1),
        },
      },
    ]);
    await eventually(() => transport.counts.stale === 1);
    expect(book.counts.late).toBe(0);
  });

  it('drains: what is in hand is finished and committed, the rest comes after the next start', async () => {
    let open: () => void = () => undefined;
    gate = new Promise((resolve) => (open = resolve));
    await topics.publish('orders', [
      { key: 'a', value: 'in hand' },
      { key: 'a', value: 'waiting' },
    ]);
    await eventually(() => seen.attempts.length === 9);
    const closing = app.close();
    setTimeout(open, 100);
    await closing;
    expect(seen.mail.at(-1)).toBe('in hand');
    gate = Promise.resolve();
    await startApp();
    await eventually(() => seen.mail.at(-1) === 'waiting');
    expect(seen.mail.filter((order) => order === 'in hand')).toHaveLength(1);
  });
});

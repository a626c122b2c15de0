/** The event log of a coordinator over a replica on disk: batches, commits, fencing, and a shard that outlives it. */
import { Shard } from '@tidemark/decider';
import type { AppendResult, LoggedEvent } from '@tidemark/decider';
import { nodeClock } from '@tidemark/platform/node';
import { pino } from 'pino';
import { buildBatch } from '@tidemark/wire';
import type { Replica } from '../replicas/replica.js';
import { partitionImage } from '../testing/partition-image.js';
import { RunningBroker, until } from '../testing/running-broker.js';
import type { EventCodec } from './event-records.js';
import { LeadershipEnded, PartitionEventLog } from './partition-event-log.js';

const codec: EventCodec<string> = {
  encode: (event) => ({ key: null, value: Buffer.from(event) }),
  decode: ({ value }) => Buffer.from(value ?? []).toString() || undefined,
};

describe('the event log of a partition that is led', () => {
  let running: RunningBroker;
  beforeEach(async () => {
    running = await RunningBroker.start();
    await (await running.connect()).createTopic('t');
  });
  afterEach(() => running.stop());

  const replica = (): Replica => {
    const found = running.broker.replicas.leader('t', 0);
    if (typeof found === 'number') throw new Error(`not led: ${found}`);
    return found;
  };
  const logOf = (leaderEpoch = replica().leaderEpoch): PartitionEventLog<string> =>
    new PartitionEventLog({
      replica: replica(),
      codec,
      clock: nodeClock,
      logger: pino({ level: 'silent' }),
      leaderEpoch,
    });
  const append = (log: PartitionEventLog<string>, ...events: string[]): Promise<AppendResult> =>
    new Promise((resolve) => log.append(events, resolve));
  const read = (
    log: PartitionEventLog<string>,
    from = 0,
  ): { events: LoggedEvent<string>[]; next: number; errors: Error[] } => {
    const seen: { events: LoggedEvent<string>[]; next: number; errors: Error[] } = {
      events: [],
      next: from,
      errors: [],
    };
    log.subscribe(from, {
      read: (events, next) => {
        seen.events.push(...events);
        seen.next = next;
      },
      failed: (error) => seen.errors.push(error),
    });
    return seen;
  };

  it('appends a decision as one batch, and tells every reader once it is committed', async () => {
    const log = logOf();
    const early = read(log);
    expect(await append(log, 'a', 'b')).toEqual({ baseOffset: 0, lastOffset: 1 });
    expect(await append(log, 'c')).toEqual({ baseOffset: 2, lastOffset: 2 });
    await until(() => early.next === 3);
    const expected = ['a', 'b', 'c'].map((event, offset) => ({ event, offset }));
    expect(early.events).toEqual(expected);
    expect(await log.end()).toBe(3);
    const late = read(log, 1);
    await until(() => late.next === 3);
    expect(late.events).toEqual(expected.slice(1));
  });

  it('passes over control batches and what is none of its events', async () => {
    const control = buildBatch([{ key: Buffer.from('00000001', 'hex'), value: Buffer.alloc(6) }], {
      timestamp: 0,
      control: true,
    });
    const foreign = buildBatch([{ key: null, value: Buffer.alloc(0) }], { timestamp: 0 });
    const log = logOf();
    const seen = read(log);
    replica().append(control, 'coordinator', replica().leaderEpoch);
    replica().append(foreign, 'coordinator', replica().leaderEpoch);
    await append(log, 'a');
    await until(() => seen.next === 3);
    expect(seen.events).toEqual([{ event: 'a', offset: 2 }]);
  });

  it('refuses what is too large, and goes on', async () => {
    const log = logOf();
    expect(await append(log, 'x'.repeat(2_000_000))).toEqual({ failed: 'too-large' });
    expect(await append(log, 'a')).toEqual({ baseOffset: 0, lastOffset: 0 });
  });

  it('is fenced by the next epoch: a new leadership ends what the old one had', async () => {
    const log = logOf();
    const seen = read(log);
    await append(log, 'a');
    const leaderEpoch = replica().leaderEpoch + 1;
    replica().assume(partitionImage({ leaderEpoch, partitionEpoch: 1 }));
    expect(await append(log, 'zombie')).toEqual({ failed: 'fenced' });
    await until(() => seen.errors.length === 1);
    expect(seen.errors[0]).toBeInstanceOf(LeadershipEnded);
    const successor = logOf(leaderEpoch);
    expect(await append(successor, 'b')).toEqual({ baseOffset: 1, lastOffset: 1 });
    const all = read(successor);
    await until(() => all.next === 2);
    expect(all.events.map(({ event }) => event)).toEqual(['a', 'b']);
    expect(seen.events.map(({ event }) => event)).toEqual(['a']);
  });

  it('drives a shard, whose successor after a restart has folded the same', async () => {
    const texts = {
      initial: (): string[] => [],
      decide: (_: readonly string[], command: string) => ({ events: [command], reply: command.length }),
      evolve: (state: string[], event: string) => [...state, event],
    };
    const first = new Shard({ decider: texts, log: logOf(), keyOf: (command: string) => command });
    first.start();
    const words = Array.from({ length: 300 }, (_, index) => `word-${index}`);
    const outcomes = await Promise.all(words.map((word) => first.ask(word)));
    expect(outcomes.map((outcome) => 'reply' in outcome && outcome.reply)).toEqual(
      words.map(({ length }) => length),
    );
    expect(first.state).toEqual(words);
    await running.restart();
    expect(first.phase).toBe('stopped');
    const second = new Shard({ decider: texts, log: logOf() });
    second.start();
    await until(() => second.phase === 'ready');
    expect(second.state).toEqual(words);
    second.stop();
  });
});

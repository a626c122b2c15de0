/** A decider over owned partitions, in memory and against a broker: every rule that the worker must hold. */
import { DEAD_LETTERS_TOPIC, headerText } from '@tidemark/contracts';
import { nodeClock, nodeRandom } from '@tidemark/platform/node';
import { silentLogger } from '../hosting/logger.js';
import { startCluster } from '../kafka/testing/kafka-cluster.js';
import { RequestReply } from '../requests/request-reply.js';
import { collect, eventually, freshName } from '../testing/eventually.js';
import { memoryCluster } from '../testing/memory-cluster.js';
import { refusal, tally, tallyInput, tallyLog } from '../testing/tally.js';
import type { Count, Counted, TallyState } from '../testing/tally.js';
import type { TopicsHarness } from '../testing/topics-contract.js';
import type { Topics } from '../topics/topics.js';
import { DEAD_LETTER_HEADERS } from './dead-letters.js';
import { PartitionWorker } from './partition-worker.js';
import type { PartitionWorkerOptions } from './partition-worker.js';

type TallyWorker = PartitionWorker<TallyState, Count, Counted, number, string>;
type Options = Partial<PartitionWorkerOptions<TallyState, Count, Counted, number, string>>;

describe.each([
  ['in memory', memoryCluster],
  ['over kafkajs', startCluster],
])('a partition worker, topics %s', (_name, start) => {
  let harness: TopicsHarness;
  let topics: Topics;
  let book: RequestReply;
  beforeAll(async () => {
    harness = await start();
    topics = harness.connect('worker-1');
    await topics.ensure([{ name: DEAD_LETTERS_TOPIC, partitions: 2 }]);
    book = await openBook(topics, 'worker-1');
  }, 60_000);
  afterAll(async () => {
    await book.close();
    await topics.close();
    await harness.stop();
  }, 60_000);

  const openBook = (on: Topics, replica: string): Promise<RequestReply> =>
    RequestReply.open({
      topics: on,
      clock: nodeClock,
      random: nodeRandom,
      replies: { name: `tidemark.replies.${replica}`, partitions: 1 },
    });

  interface Place {
    readonly commands: string;
    readonly events: string;
    readonly group: string;
  }
  const place = async (partitions = 3): Promise<Place> => {
    const [commands, events, group] = [freshName(), freshName(), freshName()];
    await topics.ensure([
      { name: commands, partitions },
      { name: events, partitions },
    ]);
    return { commands, events, group };
  };
  const startWorker = (at: Place, options: Options = {}, on: Topics = topics): Promise<TallyWorker> =>
    PartitionWorker.start({
      topics: on,
      clock: nodeClock,
      logger: silentLogger,
      group: at.group,
      log: tallyLog(at.events),
      inputs: [tallyInput(at.commands)],
      decider: tally,
      keyOf: (command) => command.name,
      refusal,
      retry: { attemptsMax: 3, backOffMs: 5 },
      ...options,
    });
  const ask = async (at: Place, key: string, value: string): Promise<unknown> => {
    const outcome = await book.request({ topic: at.commands, key, value, deadlineMs: 15_000 });
    return 'reply' in outcome ? JSON.parse(outcome.reply.value?.toString() ?? '') : outcome;
  };
  const totals = async (at: Place): Promise<Map<string, number>> => {
    const ends = await topics.ends(at.events);
    const count = [...ends.values()].reduce((sum, end) => sum + end, 0);
    const { records, close } = await collect(topics, at.events, count);
    await close();
    const state = records
      .map((record) => tallyLog(at.events).decode(record))
      .reduce(
        (folded, event) => (event === undefined ? folded : tally.evolve(folded, event, 0)),
        tally.initial(),
      );
    return state.totals;
  };
  const deadLetters = async (group: string): Promise<Awaited<ReturnType<typeof collect>>['records']> => {
    const { records, tail, close } = await collect(topics, DEAD_LETTERS_TOPIC, 0);
    await tail.caughtUp;
    await close();
    return records.filter((record) => headerText(record.headers, DEAD_LETTER_HEADERS.group) === group);
  };

  it('answers when the decision has been read back, with its position', async () => {
    const at = await place();
    const worker = await startWorker(at);
    expect(await ask(at, 'a', '2')).toMatchObject({ reply: 2, position: 1 });
    expect(await ask(at, 'a', '3')).toMatchObject({ reply: 5, position: 2 });
    expect(await ask(at, 'a', '0')).toMatchObject({ rejected: 'nothing to count' });
    expect(worker.counts).toMatchObject({ decided: 3, deadLetters: 0, eventsRefused: 0 });
    await worker.close();
  }, 30_000);

  it('puts poison into the dead letters with its origin and error, and goes on', async () => {
    const at = await place(1);
    const worker = await startWorker(at);
    const bytes = Buffer.from([0xff, 0x00, 0x80]);
    await topics.publish(at.commands, [{ key: bytes, value: bytes, headers: { raw: bytes } }]);
    const failed = await ask(at, 'a', '666');
    expect(failed).toEqual({ failed: 'a poisonous command' });
    expect(await ask(at, 'a', '1')).toMatchObject({ reply: 1 });
    const letters = await deadLetters(at.group);
    const [undecodable, poisonous] = letters.sort((one, other) =>
      headerText(one.headers, DEAD_LETTER_HEADERS.offset) === '0' ? -1 : other === one ? 0 : 1,
    );
    expect(undecodable?.value?.equals(bytes)).toBe(true);
    expect(undecodable?.rawKey?.equals(bytes)).toBe(true);
    expect(undecodable?.headers.raw).toEqual(bytes);
    const said = (name: keyof typeof DEAD_LETTER_HEADERS): (string | undefined)[] =>
      [undecodable, poisonous].map((letter) => headerText(letter?.headers ?? {}, DEAD_LETTER_HEADERS[name]));
    expect(said('topic')).toEqual([at.commands, at.commands]);
    expect(said('partition')).toEqual(['0', '0']);
    expect(said('offset')).toEqual(['0', '1']);
    expect(said('errorClass')).toEqual(['SyntaxError', 'TypeError']);
    expect(said('attempts')).toEqual(['1', '3']);
    expect(worker.counts.deadLetters).toBe(2);
    await worker.close();
  }, 30_000);

  it('is not harmed by delivery twice: a successor without commits changes nothing', async () => {
    const at = await place();
    const first = await startWorker(at);
    for (const name of ['a', 'b', 'c', 'a']) await ask(at, name, '1');
    await first.close();
    // Another group over the same topics gets every command again and the events of the first from the history.
    const again = await startWorker({ ...at, group: freshName() });
    await eventually(() => again.counts.decided === 4);
    expect(await totals(at)).toEqual(
      new Map([
        ['a', 2],
        ['b', 1],
        ['c', 1],
      ]),
    );
    await again.close();
  }, 30_000);

  it('loses and doubles nothing while members come and go', async () => {
    const at = await place(6);
    const others = [harness.connect('worker-2'), harness.connect('worker-3')] as const;
    const one = await startWorker(at);
    let sent = 0;
    const stop = new AbortController();
    const sending = (async () => {
      while (!stop.signal.aborted) {
        const records = Array.from({ length: 10 }, () => ({ key: `k${sent++ % 50}`, value: '1' }));
        await topics.publish(at.commands, records);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    })();
    const two = await startWorker(at, {}, others[0]);
    await eventually(() => two.partitions.length === 3);
    const three = await startWorker(at, {}, others[1]);
    await eventually(() => three.partitions.length === 2);
    await one.close();
    await eventually(() => two.partitions.length + three.partitions.length === 6);
    stop.abort();
    await sending;
    const sum = (counts: Map<string, number>): number =>
      [...counts.values()].reduce((all, by) => all + by, 0);
    await eventually(async () => sum(await totals(at)) === sent);
    await two.close();
    await three.close();
    for (const other of others) await other.close();
    expect(sum(await totals(at))).toBe(sent);
  }, 60_000);

  it('counts refused events only as their owner and only live', async () => {
    const at = await place(1);
    const event = { name: 'a', by: 1, cause: 'x', id: 'same' };
    const twice = [event, event].map((value) => ({ key: 'a', value: JSON.stringify(value) }));
    await topics.publish(at.events, twice);
    const folded: boolean[] = [];
    const worker = await startWorker(at, { onFolded: ({ live }) => folded.push(live) });
    await eventually(() => worker.owned(0) !== undefined);
    expect(worker.counts.eventsRefused).toBe(0);
    await topics.publish(at.events, twice.slice(0, 1));
    await eventually(() => worker.counts.eventsRefused === 1);
    expect(folded).toEqual([false, false, true]);
    await worker.close();
  }, 30_000);

  it('reads its history before it decides, and decides for its own process too', async () => {
    const at = await place(1);
    const events = Array.from({ length: 500 }, (_, index) => ({
      key: 'a',
      value: JSON.stringify({ name: 'a', by: 1, cause: String(index), id: String(index) }),
    }));
    await topics.publish(at.events, events);
    const worker = await startWorker(at);
    expect(await ask(at, 'a', '1')).toMatchObject({ reply: 501 });
    const owned = worker.owned(0);
    expect(await owned?.ask({ name: 'a', by: 9, cause: 'a timer' })).toMatchObject({
      reply: 510,
      position: 502,
    });
    expect(await owned?.ask({ name: 'a', by: 666, cause: 'a bug' })).toEqual({ failed: 'refused' });
    const signal = owned?.signal;
    await worker.close();
    expect(signal?.aborted).toBe(true);
    expect(worker.partitions).toEqual([]);
  }, 30_000);

  it('waits for what a command needs before it is decided, and gives up on what never comes', async () => {
    const at = await place(1);
    const tries: string[] = [];
    const input = tallyInput(at.commands);
    const worker = await startWorker(at, {
      inputs: [
        {
          ...input,
          before: (command) => {
            tries.push(command.name);
            return command.name === 'never' || tries.length === 1
              ? Promise.reject(new Error('not there yet'))
              : Promise.resolve();
          },
        },
      ],
    });
    expect(await ask(at, 'later', '1')).toMatchObject({ reply: 1 });
    expect(await ask(at, 'never', '1')).toEqual({ failed: 'not there yet' });
    expect(tries).toEqual(['later', 'later', 'never', 'never', 'never']);
    await worker.close();
  }, 30_000);
});

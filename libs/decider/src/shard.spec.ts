/** A shard over a log in memory that may lag, fail, fence or hold another writer's events. */
import { Shard } from './shard.js';
import type { Outcome, ShardOptions } from './shard.js';
import { MemoryEventLog } from './memory-event-log.js';
import type { Decider } from './decider.js';

/** Names are claimed once; whoever is folded first has it. Small, and enough to see every rule of the loop. */
interface Claim {
  readonly name: string;
  readonly by: string;
}
type Command = Claim | { readonly whoHas: string };
interface Reply {
  readonly owner: string | undefined;
}
type State = Map<string, string>;

const claims: Decider<State, Command, Claim, Reply, 'taken'> = {
  initial: () => new Map(),
  decide(state, command) {
    if ('whoHas' in command) return { events: [], reply: { owner: state.get(command.whoHas) } };
    const owner = state.get(command.name);
    if (owner !== undefined) return { rejected: 'taken' };
    return { events: [command], reply: { owner: command.by } };
  },
  evolve(state, event) {
    if (!state.has(event.name)) state.set(event.name, event.by);
    return state;
  },
  conclude: (state, command, reply) => ('name' in command ? { owner: state.get(command.name) } : reply),
};

type Options = Partial<ShardOptions<State, Command, Claim, Reply, 'taken'>>;
type Answer = Outcome<Reply, 'taken'>;

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
};

async function started(
  log: MemoryEventLog<Claim>,
  options: Options = {},
): Promise<Shard<State, Command, Claim, Reply, 'taken'>> {
  const shard = new Shard({
    decider: claims,
    log,
    keyOf: (command) => ('name' in command ? command.name : command.whoHas),
    ...options,
  });
  shard.start();
  log.deliver();
  await turns();
  return shard;
}

function submit(
  shard: Shard<State, Command, Claim, Reply, 'taken'>,
  command: Command,
): { answer: Answer | undefined } {
  const box: { answer: Answer | undefined } = { answer: undefined };
  shard.submit(command, (outcome) => {
    expect(box.answer).toBeUndefined();
    box.answer = outcome;
  });
  return box;
}

describe('a shard', () => {
  it('folds what was in the log at its start before it decides', async () => {
    const log = new MemoryEventLog<Claim>('manual');
    log.write([{ name: 'a', by: 'before' }]);
    const shard = new Shard({ decider: claims, log });
    shard.start();
    const early = submit(shard, { name: 'a', by: 'me' });
    await turns();
    expect(early.answer).toBeUndefined();
    expect(shard.phase).toBe('loading');
    log.deliver();
    expect(shard.phase).toBe('ready');
    expect(early.answer).toEqual({ rejected: 'taken', position: 1 });
  });

  it('holds the reply until the own event has been read back, whichever of acknowledgement and event comes first', async () => {
    for (const order of ['acknowledged first', 'read first']) {
      const log = new MemoryEventLog<Claim>('manual');
      const shard = await started(log);
      const box = submit(shard, { name: 'a', by: 'me' });
      const acknowledge = log.writeNext();
      expect(shard.state.size).toBe(0);
      if (order === 'acknowledged first') acknowledge();
      else log.deliver();
      expect(box.answer).toBeUndefined();
      if (order === 'acknowledged first') log.deliver();
      else acknowledge();
      expect(box.answer).toEqual({ reply: { owner: 'me' }, position: 1 });
    }
  });

  it('makes the reply from the fold when another writer was first', async () => {
    const log = new MemoryEventLog<Claim>('manual');
    const shard = await started(log);
    const box = submit(shard, { name: 'a', by: 'me' });
    log.write([{ name: 'a', by: 'rival' }]);
    log.settleNext();
    log.deliver();
    expect(box.answer).toEqual({ reply: { owner: 'rival' }, position: 2 });
  });

  it('decides other keys while an append is on its way, and the same key only after it', async () => {
    const log = new MemoryEventLog<Claim>('manual');
    const shard = await started(log);
    const first = submit(shard, { name: 'a', by: 'one' });
    const second = submit(shard, { name: 'a', by: 'two' });
    const other = submit(shard, { name: 'b', by: 'two' });
    expect(log.heldAppends).toBe(2);
    log.settleNext();
    log.settleNext();
    log.deliver();
    expect([first.answer, second.answer, other.answer]).toEqual([
      { reply: { owner: 'one' }, position: 1 },
      { rejected: 'taken', position: 2 },
      { reply: { owner: 'two' }, position: 2 },
    ]);
  });

  it('serialises everything without keys', async () => {
    const log = new MemoryEventLog<Claim>('manual');
    const shard = new Shard({ decider: claims, log });
    shard.start();
    log.deliver();
    await turns();
    submit(shard, { name: 'a', by: 'one' });
    submit(shard, { name: 'b', by: 'two' });
    expect(log.heldAppends).toBe(1);
  });

  it('puts the decisions of one tick into one record batch', async () => {
    const log = new MemoryEventLog<Claim>('auto');
    const deferred: (() => void)[] = [];
    const shard = await started(log, { defer: (run) => deferred.push(run) });
    const boxes = ['a', 'b', 'a'].map((name, index) => submit(shard, { name, by: `${index}` }));
    expect(log.batchSizes).toEqual([]);
    while (deferred.length > 0) deferred.shift()?.();
    expect(log.batchSizes).toEqual([2]);
    expect(boxes.map((box) => box.answer)).toEqual([
      { reply: { owner: '0' }, position: 1 },
      { reply: { owner: '1' }, position: 2 },
      { rejected: 'taken', position: 2 },
    ]);
  });

  it('keeps to its limits', async () => {
    const log = new MemoryEventLog<Claim>('manual');
    const shard = await started(log, { appendsInFlightMax: 2, queuedMax: 2, batchEventsMax: 1 });
    const boxes = ['a', 'b', 'c', 'd', 'e'].map((name) => submit(shard, { name, by: 'me' }));
    expect(log.heldAppends).toBe(2);
    expect(boxes[4]?.answer).toEqual({ failed: 'overloaded' });
    expect(shard.pending).toBe(4);
    for (let index = 0; index < 4; index++) log.settleNext();
    log.deliver();
    expect(boxes.slice(0, 4).map((box) => box.answer && 'reply' in box.answer)).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(shard.pending).toBe(0);
  });

  it('answers a refused append and goes on', async () => {
    const log = new MemoryEventLog<Claim>('manual');
    const shard = await started(log);
    const refused = submit(shard, { name: 'a', by: 'one' });
    const next = submit(shard, { name: 'a', by: 'two' });
    log.failNext('refused');
    expect(refused.answer).toEqual({ failed: 'refused' });
    log.settleNext();
    log.deliver();
    expect(next.answer).toEqual({ reply: { owner: 'two' }, position: 1 });
  });

  it('decides nothing after an append in doubt until it has read to the end again', async () => {
    const log = new MemoryEventLog<Claim>('manual');
    const shard = await started(log);
    const doubtful = submit(shard, { name: 'a', by: 'one' });
    const next = submit(shard, { name: 'a', by: 'two' });
    // The record did arrive; only its acknowledgement was lost.
    log.write([{ name: 'a', by: 'one' }]);
    log.failNext('in-doubt');
    expect(doubtful.answer).toEqual({ failed: 'in-doubt' });
    await turns();
    expect(shard.phase).toBe('loading');
    expect(next.answer).toBeUndefined();
    log.deliver();
    expect(next.answer).toEqual({ rejected: 'taken', position: 1 });
  });

  it('stops when fenced: undecided commands had no effect, appended ones are in doubt', async () => {
    const log = new MemoryEventLog<Claim>('manual');
    const stopped: string[] = [];
    const shard = await started(log, { onStopped: (error) => stopped.push(error.message) });
    const fenced = submit(shard, { name: 'a', by: 'one' });
    const waiting = submit(shard, { name: 'a', by: 'two' });
    const flying = submit(shard, { name: 'b', by: 'one' });
    log.failNext('fenced');
    expect([fenced.answer, waiting.answer, flying.answer]).toEqual([
      { failed: 'not-owner' },
      { failed: 'not-owner' },
      { failed: 'in-doubt' },
    ]);
    expect(stopped).toEqual(['the partition has another owner']);
    log.settleNext();
    expect(submit(shard, { whoHas: 'b' }).answer).toEqual({ failed: 'not-owner' });
  });

  it('a zombie changes nothing: its late events are folded by the successor like anybody else’s', async () => {
    const log = new MemoryEventLog<Claim>('manual');
    const zombie = await started(log);
    submit(zombie, { name: 'a', by: 'zombie' });
    const successor = await started(log);
    const box = submit(successor, { name: 'a', by: 'successor' });
    const acknowledgeZombie = log.writeNext();
    log.settleNext();
    log.deliver();
    acknowledgeZombie();
    expect(box.answer).toEqual({ reply: { owner: 'zombie' }, position: 2 });
    expect(successor.state).toEqual(zombie.state);
  });

  it('decides nothing while the log has another owner, and goes on when it has it again', async () => {
    const log = new MemoryEventLog<Claim>('manual');
    let deciding = 0;
    const shard = await started(log, { onDeciding: () => (deciding += 1) });
    expect(deciding).toBe(1);
    const underWay = submit(shard, { name: 'a', by: 'me' });
    const behind = submit(shard, { name: 'a', by: 'me too' });
    shard.resign();
    expect(behind.answer).toEqual({ failed: 'not-owner' });
    const whileAway = submit(shard, { name: 'b', by: 'me' });
    log.failNext('in-doubt');
    expect(underWay.answer).toEqual({ failed: 'in-doubt' });
    log.write([{ name: 'b', by: 'the other' }]);
    shard.reload();
    await turns();
    expect(whileAway.answer).toBeUndefined();
    log.deliver();
    expect(deciding).toBe(2);
    expect(whileAway.answer).toEqual({ rejected: 'taken', position: 1 });
  });

  it('stops and says so when the log cannot be read', async () => {
    const log = new MemoryEventLog<Claim>('manual');
    const errors: Error[] = [];
    const shard = await started(log, { onStopped: (error) => errors.push(error) });
    const box = submit(shard, { name: 'a', by: 'me' });
    log.failReaders(new Error('disk is gone'));
    log.failReaders(new Error('disk is gone'));
    expect(box.answer).toEqual({ failed: 'in-doubt' });
    expect(errors.map((error) => error.message)).toEqual(['disk is gone']);
    expect(shard.phase).toBe('stopped');
  });

  it('tells events of the first read from live ones', async () => {
    const log = new MemoryEventLog<Claim>('auto');
    log.write([{ name: 'a', by: 'before' }]);
    const seen: [string, boolean][] = [];
    const shard = await started(log, { onFolded: ({ event, live }) => seen.push([event.name, live]) });
    await shard.ask({ name: 'b', by: 'me' });
    expect(seen).toEqual([
      ['a', false],
      ['b', true],
    ]);
  });

  it('shows each lot of events once, before the replies that it releases', async () => {
    const log = new MemoryEventLog<Claim>('auto');
    log.write([
      { name: 'a', by: 'before' },
      { name: 'b', by: 'before' },
    ]);
    const order: string[] = [];
    const shard = await started(log, {
      onRead: ({ state, position, live }) => order.push(`${state.size}@${position}${live ? ' live' : ''}`),
    });
    await shard.ask({ name: 'c', by: 'me' }).then(() => order.push('reply'));
    expect(order).toEqual(['2@2', '3@3 live', 'reply']);
  });

  it('survives callers that submit from within an answer, a hundred thousand deep', async () => {
    const log = new MemoryEventLog<Claim>('auto');
    const shard = await started(log);
    let count = 0;
    const again = (): void => {
      count += 1;
      if (count < 100_000) shard.submit({ whoHas: 'a' }, again);
    };
    shard.submit({ whoHas: 'a' }, again);
    expect(count).toBe(100_000);
  });
});

/** The parking place of requests: who is released by what, in which order and at what cost. */
import { ErrorCode } from '@tidemark/wire';
import { CommitWaiters, ReadWaiters } from './waiters.js';

describe('commit waiters', () => {
  const filled = (offsets: readonly number[]) => {
    const waiters = new CommitWaiters();
    const told: [number, ErrorCode][] = [];
    for (const offset of offsets) waiters.add(offset, (error) => told.push([offset, error]));
    return { waiters, told };
  };

  it.each([
    { upTo: 0, released: [] },
    { upTo: 9, released: [] },
    { upTo: 10, released: [10] },
    { upTo: 20, released: [10, 20, 20] },
    { upTo: 99, released: [10, 20, 20, 30] },
  ])('releases in order what is committed up to $upTo', ({ upTo, released }) => {
    const { waiters, told } = filled([10, 20, 20, 30]);
    waiters.release(upTo);
    expect(told).toEqual(released.map((offset) => [offset, ErrorCode.NONE]));
    expect(waiters.size).toBe(4 - released.length);
    expect(waiters.lowest).toBe([10, 20, 20, 30][released.length] ?? Number.POSITIVE_INFINITY);
  });

  it('tells those beyond an offset why they will not hear of it; the others wait on', () => {
    const { waiters, told } = filled([10, 20, 30]);
    waiters.failBeyond(20, ErrorCode.KAFKA_STORAGE_ERROR);
    // To be in the log is not to be committed.
    expect(told).toEqual([[30, ErrorCode.KAFKA_STORAGE_ERROR]]);
    expect(waiters.size).toBe(2);
    waiters.failBeyond(-1, ErrorCode.NOT_LEADER_OR_FOLLOWER);
    expect(waiters.size).toBe(0);
  });

  it('takes a new waiter while it releases', () => {
    const waiters = new CommitWaiters();
    const told: number[] = [];
    waiters.add(1, () => {
      told.push(1);
      waiters.add(5, () => told.push(5));
    });
    waiters.release(1);
    expect(told).toEqual([1]);
    waiters.release(5);
    expect(told).toEqual([1, 5]);
  });

  it('is not slowed by a long queue that is released bit by bit', () => {
    const waiters = new CommitWaiters();
    let told = 0;
    for (let offset = 0; offset < 50_000; offset++) waiters.add(offset, () => (told += 1));
    for (let offset = 0; offset < 50_000; offset += 10) waiters.release(offset);
    expect(told).toBe(49_991);
    expect(waiters.size).toBe(9);
  });

  it('lets a batch that is sent again wait for its earlier offset', () => {
    const { waiters, told } = filled([10, 30]);
    waiters.add(20, (error) => told.push([20, error]));
    waiters.release(20);
    expect(told).toEqual([
      [10, ErrorCode.NONE],
      [20, ErrorCode.NONE],
    ]);
    expect(waiters.lowest).toBe(30);
  });
});

describe('read waiters', () => {
  it('asks everybody and keeps those who are not done', () => {
    const waiters = new ReadWaiters();
    const asked: string[] = [];
    const read = (name: string, done: boolean) => ({
      tryComplete: () => {
        asked.push(name);
        return done;
      },
    });
    waiters.add(read('stays', false));
    waiters.add(read('done', true));
    waiters.wake();
    waiters.wake();
    expect(asked).toEqual(['stays', 'done', 'stays']);
    expect(waiters.size).toBe(1);
  });
});

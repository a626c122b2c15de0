/** The order in which a shard takes commands up. */
import { CommandQueue } from './command-queue.js';

describe('the command queue', () => {
  it('keeps the order of a key and lets keys take turns', () => {
    const queue = new CommandQueue<string>();
    for (const item of ['a1', 'a2', 'a3', 'b1', 'c1']) queue.push(item.charAt(0), item);
    expect([1, 2, 3, 4, 5].map(() => queue.take()?.item)).toEqual(['a1', 'b1', 'c1', 'a2', 'a3']);
    expect(queue.take()).toBeUndefined();
  });

  it('hands out nothing of a held key until its release', () => {
    const queue = new CommandQueue<string>();
    queue.push('a', 'a1');
    expect(queue.take()?.item).toBe('a1');
    queue.hold('a');
    queue.push('a', 'a2');
    expect(queue.take()).toBeUndefined();
    expect(queue.size).toBe(1);
    queue.release('a');
    expect(queue.take()?.item).toBe('a2');
  });

  it('drains what waits, held keys included, and starts anew', () => {
    const queue = new CommandQueue<string>();
    queue.push('a', 'a1');
    queue.push('a', 'a2');
    queue.take();
    queue.hold('a');
    queue.push('b', 'b1');
    expect(queue.drain()).toEqual(['a2', 'b1']);
    queue.hold('a');
    expect(queue.size).toBe(0);
  });

  it('stays correct over a long line', () => {
    const queue = new CommandQueue<number>();
    for (let item = 0; item < 1000; item++) queue.push('a', item);
    const taken: (number | undefined)[] = [];
    for (let item = 0; item < 1000; item++) taken.push(queue.take()?.item);
    expect(taken).toEqual([...Array(1000).keys()]);
  });
});

/** Where replicas are to go when a topic is spread anew, and when a broker leaves. */
import { describe, expect, it } from '@jest/globals';
import { brokerIds } from '../commands/topics/reassign.js';
import type { TopicInfo } from './cluster-client.js';
import { movesAway, spreadOver } from './reassignment.js';

const topic = (name: string, ...replicas: number[][]): TopicInfo => ({
  name,
  internal: false,
  partitions: replicas.map((ids, partition) => {
    return { partition, leader: ids[0] ?? -1, leaderEpoch: 0, replicas: ids, isr: ids };
  }),
});

describe('spreading a topic', () => {
  it('begins with another broker for each partition', () => {
    const moves = spreadOver(topic('t', [1], [1], [1], [1]), [1, 2, 3]);
    expect(moves.map(({ replicas }) => replicas)).toEqual([
      [1, 2, 3],
      [2, 3, 1],
      [3, 1, 2],
      [1, 2, 3],
    ]);
  });
});

describe('a broker that leaves', () => {
  it('is replaced in its place by whoever has least and is not there yet', () => {
    const moves = movesAway([topic('a', [4, 1, 2], [1, 2, 3]), topic('b', [2, 4], [4])], 4, [1, 2, 3]);
    expect(moves).toEqual([
      { topic: 'a', partition: 0, replicas: [3, 1, 2] },
      { topic: 'b', partition: 0, replicas: [2, 1] },
      { topic: 'b', partition: 1, replicas: [3] },
    ]);
  });

  it('is missed where nobody else can take its place, but never as the last', () => {
    expect(movesAway([topic('a', [4, 1])], 4, [1])).toEqual([{ topic: 'a', partition: 0, replicas: [1] }]);
    expect(() => movesAway([topic('a', [4])], 4, [])).toThrow('there is no other broker for a/0');
  });
});

describe('--brokers', () => {
  it('takes ids', () => expect(brokerIds('3, 1,2')).toEqual([3, 1, 2]));
  it.each(['', '1,', 'a', '1,1', '-1'])("refuses '%s'", (text) => {
    expect(() => brokerIds(text)).toThrow(/^--brokers/);
  });
});

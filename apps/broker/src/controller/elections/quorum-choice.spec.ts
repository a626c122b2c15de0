/** Who may lead a quorum partition, by what its fenced replicas have; with moves under way. */
import { partitionImage } from '../../testing/partition-image.js';
import type { PartitionImage } from '../metadata-image.js';
import { chooseQuorumLeader } from './quorum-choice.js';

type Logs = Record<number, readonly [lastEpoch: number, logEnd: number]>;

const choose = (
  partition: Partial<PartitionImage>,
  logs: Logs,
  down: readonly number[] = [],
): number | undefined => {
  const answers = new Map(
    Object.entries(logs).map(([id, [lastEpoch, logEnd]]) => [Number(id), { lastEpoch, logEnd }]),
  );
  const image = partitionImage({ replicas: [1, 2, 3], leader: -1, ...partition });
  return chooseQuorumLeader(image, answers, (id) => !down.includes(id));
};

describe('the leader of a quorum partition', () => {
  it.each<[string, Partial<PartitionImage>, Logs, readonly number[], number | undefined]>([
    ['needs a majority of answers', {}, { 1: [1, 5] }, [], undefined],
    ['has the longest log', {}, { 2: [1, 5], 3: [1, 6] }, [], 3],
    ['has the newest epoch rather than the longest log', {}, { 2: [2, 5], 3: [1, 9] }, [], 2],
    [
      'is who is to be the first replica at the end of a move, when the logs allow it',
      { replicas: [2, 4, 1, 3], adding: [3], removing: [4], wanted: [3, 1, 2], isr: [1, 2, 3, 4] },
      { 1: [1, 5], 2: [1, 5], 3: [1, 5], 4: [1, 5] },
      [],
      3,
    ],
    ['is the first replica among equals', {}, { 1: [1, 5], 2: [1, 5], 3: [1, 5] }, [], 1],
    [
      'is the first replica when a majority has no more than it',
      {},
      { 1: [1, 5], 2: [1, 6], 3: [1, 5] },
      [],
      1,
    ],
    ['is not the first replica when a majority has more', {}, { 1: [1, 5], 2: [1, 6], 3: [1, 6] }, [], 2],
    ['is alive', {}, { 1: [1, 5], 2: [1, 5], 3: [1, 5] }, [1], 2],
    ['is nobody when the only fit one is down', {}, { 2: [1, 6], 3: [1, 5] }, [2], undefined],
    ['is not one that lost its disk', { isr: [2, 3] }, { 1: [9, 9], 2: [1, 5], 3: [1, 6] }, [], 3],
    ['does not count one that lost its disk', { isr: [2, 3] }, { 1: [0, 0], 3: [1, 6] }, [], undefined],
    ['of one replica is that one', { replicas: [1], isr: [1] }, { 1: [0, 0] }, [], 1],
  ])('%s', (_, partition, logs, down, leader) => {
    expect(choose(partition, logs, down)).toBe(leader);
  });

  const moving = { replicas: [1, 2, 3, 4], adding: [4], removing: [1] };
  it.each<[string, Partial<PartitionImage>, Logs, number | undefined]>([
    ['needs a majority of the old set', { isr: [1, 2, 3, 4] }, { 3: [1, 5], 4: [1, 5] }, undefined],
    ['needs a majority of the new set', { isr: [1, 2, 3, 4] }, { 1: [1, 5], 2: [1, 5] }, undefined],
    ['is of the new set once it may be', { isr: [1, 2, 3, 4] }, { 1: [1, 5], 2: [1, 5], 3: [1, 5] }, 2],
    [
      'is of the old set while the newcomer copies',
      { isr: [1, 2, 3] },
      { 1: [1, 5], 2: [1, 5], 3: [1, 5] },
      1,
    ],
    [
      'counts the newcomer when it has caught up',
      { isr: [1, 2, 3, 4] },
      { 1: [1, 5], 3: [1, 5], 4: [1, 5] },
      3,
    ],
  ])('while a replica is replaced, %s', (_, partition, logs, leader) => {
    expect(choose({ ...moving, ...partition }, logs)).toBe(leader);
  });
});

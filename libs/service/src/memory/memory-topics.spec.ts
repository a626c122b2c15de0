import { nodeClock } from '@tidemark/platform/node';
import { topicsContract } from '../testing/topics-contract.js';
import { MemoryLog } from './memory-log.js';
import { MemoryTopics } from './memory-topics.js';

topicsContract('in memory', () => {
  const log = new MemoryLog();
  return Promise.resolve({
    connect: (replica) => new MemoryTopics({ log, clock: nodeClock, replica }),
    deleteBefore: (topic, partition, offset) => Promise.resolve(log.deleteBefore(topic, partition, offset)),
    stop: () => Promise.resolve(),
  });
});

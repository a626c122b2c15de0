/**
 * A cluster in memory as the contract's harness.
 */
import { nodeClock } from '@tidemark/platform/node';
import { MemoryLog } from '../memory/memory-log.js';
import { MemoryTopics } from '../memory/memory-topics.js';
import type { TopicsHarness } from './topics-contract.js';

export function memoryCluster(): Promise<TopicsHarness> {
  const log = new MemoryLog();
  return Promise.resolve({
    connect: (replica) => new MemoryTopics({ log, clock: nodeClock, replica }),
    deleteBefore: (topic, partition, offset) => {
      log.deleteBefore(topic, partition, offset);
      return Promise.resolve();
    },
    stop: () => Promise.resolve(),
  });
}

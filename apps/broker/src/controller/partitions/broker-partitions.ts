/**
 * What becomes of the partitions of a broker that goes or comes: fenced, stopping, registered anew, unfenced. Pure;
 * called by the decisions in `brokers/`.
 */
import type { PartitionChanged } from '../controller-events.js';
import { replicationProtocol } from '../metadata-image.js';
import type { PartitionImage, TopicImage } from '../metadata-image.js';
import { changePartition } from './partition-change.js';
import type { Rules } from './rules.js';

/**
 * What a broker may have lost when it starts again. `unflushed`: what it had written and not forced to disk (a power
 * failure). `everything`: it runs on another directory.
 */
export type Loss = 'nothing' | 'unflushed' | 'everything';

/** It leads nothing any more and is in no ISR; what it lost takes it out of the eligible replicas too. */
export function brokerLeaves(rules: Rules, brokerId: number, loss: Loss = 'nothing'): PartitionChanged[] {
  return ofPartitions(rules, (topic, partition) => {
    if (!partition.replicas.includes(brokerId)) return undefined;
    const quorum = replicationProtocol(topic) === 'quorum';
    // A quorum replica forces to disk whatever it acknowledges, so that only another disk makes it forget.
    const lost = quorum ? loss === 'everything' : loss !== 'nothing';
    const isr = quorum ? partition.isr : partition.isr.filter((id) => id !== brokerId);
    return changePartition(rules, topic, partition, {
      isr,
      election: 'needed',
      ...(lost ? { lost: brokerId } : {}),
      ...(loss === 'everything' ? { emptied: brokerId } : {}),
    });
  });
}

/** It leads what nobody could lead without it. */
export function brokerComes(rules: Rules, brokerId: number): PartitionChanged[] {
  return ofPartitions(rules, (topic, partition) => {
    if (partition.leader !== -1 || !partition.replicas.includes(brokerId)) return undefined;
    return changePartition(rules, topic, partition, { election: 'needed' });
  });
}

export function ofPartitions(
  rules: Rules,
  decide: (topic: TopicImage, partition: PartitionImage) => PartitionChanged | undefined,
): PartitionChanged[] {
  const events: PartitionChanged[] = [];
  for (const topic of rules.state.topics.values()) {
    for (const partition of topic.partitions) {
      const event = decide(topic, partition);
      if (event !== undefined) events.push(event);
    }
  }
  return events;
}

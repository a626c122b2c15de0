/**
 * The one thing that the broker reads in a consumer's own metadata: which topics it subscribes to (Kafka's
 * ConsumerProtocolSubscription: int16 version, then an array of names; what follows differs by version). Pure.
 */
import { ByteReader, WireError } from '@tidemark/wire';

/** The protocol type of consumers; other users of groups (Kafka Connect) have metadata of other shapes. */
export const CONSUMER_PROTOCOL = 'consumer';

/** Undefined when the bytes are no subscription. */
export function subscribedTopics(metadata: Uint8Array): string[] | undefined {
  try {
    const reader = new ByteReader(metadata);
    reader.int16();
    const topics: string[] = [];
    const count = reader.arrayLength(2);
    for (let index = 0; index < count; index++) topics.push(reader.string());
    return topics;
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

export interface AssignedTopic {
  readonly topic: string;
  readonly partitions: readonly number[];
}

/** ConsumerProtocolAssignment: int16 version, then topics with their partitions. Undefined when the bytes are none. */
export function assignedPartitions(assignment: Uint8Array): AssignedTopic[] | undefined {
  if (assignment.length === 0) return [];
  try {
    const reader = new ByteReader(assignment);
    reader.int16();
    const topics: AssignedTopic[] = [];
    const count = reader.arrayLength(6);
    for (let index = 0; index < count; index++) {
      const topic = reader.string();
      const partitions = Array.from({ length: reader.arrayLength(4) }, () => reader.int32());
      topics.push({ topic, partitions });
    }
    return topics;
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

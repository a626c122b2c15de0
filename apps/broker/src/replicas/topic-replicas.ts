/**
 * One topic as this broker serves it: its partitions' replicas, or why there is none to use. Held by `replicas.ts`.
 */
import { ErrorCode } from '@tidemark/wire';
import type { Replica } from './replica.js';

export class TopicReplicas {
  /** By index: the replica, or why there is none to use. */
  readonly partitions: (Replica | ErrorCode)[] = [];

  constructor(
    readonly name: string,
    readonly id: string,
    /** The broker's own topic, which clients do not write to. */
    readonly internal: boolean,
  ) {}

  /** The replica that leads the partition, or what to answer instead. */
  partition(index: number): Replica | ErrorCode {
    const found = this.partitions[index] ?? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    if (typeof found === 'number' || found.leading) return found;
    return found.availability;
  }
}

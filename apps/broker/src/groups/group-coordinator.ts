/**
 * The group coordinator of this broker: finds the partition that a group belongs to and asks its owner, checks what
 * needs settings or the metadata, and looks after groups over time (retention, topics that are gone). Called by the
 * group handlers (08, 09, 11 to 16, 42, 47). Holds the owners of the partitions that this broker leads.
 */
import type { Clock, Timer } from '@tidemark/platform';
import { ErrorCode } from '@tidemark/wire';
import type { BrokerSettings } from '../config-table.js';
import { GROUP_OFFSETS_TOPIC } from '../controller/metadata-image.js';
import type { MetadataDelta, MetadataImage } from '../controller/metadata-image.js';
import type { Shards } from '../coordinators/shards.js';
import { CONSUMER_PROTOCOL, subscribedTopics } from './consumer-protocol.js';
import type { CommittedOffset } from './group-events.js';
import { groupPartition } from './group-hash.js';
import { metadataOf } from './group-members.js';
import type { Group } from './group-members.js';
import type { TopicPartition } from './group-offsets.decider.js';
import { hasExpired } from './group-offsets.decider.js';
import type { GroupPartition } from './group-partition.js';
import { admitCommit } from './group-session.js';

export interface GroupCoordinatorOptions {
  readonly shards: Shards<GroupPartition>;
  readonly settings: BrokerSettings;
  readonly clock: Clock;
  readonly metadata: () => MetadataImage;
}

export interface CommitRequest {
  readonly groupId: string;
  readonly memberId: string;
  readonly instanceId: string | null;
  /** -1: from outside of any membership. */
  readonly generation: number;
  readonly offsets: readonly (TopicPartition & CommittedOffset)[];
}

export class GroupCoordinator {
  #expiryTimer: Timer | undefined;

  constructor(private readonly options: GroupCoordinatorOptions) {}

  start(): void {
    this.#scheduleExpiry();
  }

  stop(): void {
    this.#expiryTimer?.cancel();
    this.options.shards.close();
  }

  /** Called with each change of the metadata, after the replicas have followed it. */
  follow(image: MetadataImage, delta: MetadataDelta): void {
    this.options.shards.follow(image);
    if (delta.deletedTopics.length > 0)
      this.#forgetTopics(new Set(delta.deletedTopics.map(({ name }) => name)));
  }

  /** The broker that coordinates a group: its id, or -1 when there is none yet. */
  coordinatorOf(groupId: string): number {
    const partitions = this.options.metadata().topics.get(GROUP_OFFSETS_TOPIC)?.partitions ?? [];
    if (partitions.length === 0) return -1;
    return partitions[groupPartition(groupId, partitions.length)]?.leader ?? -1;
  }

  /** The owner of a group's partition when it can answer, or what to answer instead (G2). */
  partitionOf(groupId: string): GroupPartition | ErrorCode {
    const partitions = this.options.metadata().topics.get(GROUP_OFFSETS_TOPIC)?.partitions.length ?? 0;
    if (partitions === 0) return ErrorCode.COORDINATOR_NOT_AVAILABLE;
    const owner = this.options.shards.get(groupPartition(groupId, partitions));
    if (owner === undefined) return ErrorCode.NOT_COORDINATOR;
    const error = owner.availability;
    return error === ErrorCode.NONE ? owner : error;
  }

  /** Every partition that this broker coordinates and has loaded. */
  *partitions(): Generator<GroupPartition> {
    for (const owner of this.options.shards.all()) if (owner.availability === ErrorCode.NONE) yield owner;
  }

  /** False while some partition is being loaded: lists of groups are not complete. */
  get loaded(): boolean {
    for (const owner of this.options.shards.all()) {
      if (owner.availability === ErrorCode.COORDINATOR_LOAD_IN_PROGRESS) return false;
    }
    return true;
  }

  commit(request: CommitRequest, done: (error: ErrorCode) => void): void {
    const partition = this.partitionOf(request.groupId);
    if (typeof partition === 'number') {
      done(partition);
      return;
    }
    const group = partition.groupOf(request.groupId);
    const error = admitCommit(group, request, this.options.clock.monotonic());
    if (error !== ErrorCode.NONE || request.offsets.length === 0) {
      done(error);
      return;
    }
    const { groupId, offsets } = request;
    partition.submit({ type: 'CommitOffsets', groupId, offsets }, done);
  }

  /** G16: only a group without members can go. */
  deleteGroup(groupId: string, done: (error: ErrorCode) => void): void {
    const partition = this.partitionOf(groupId);
    if (typeof partition === 'number') {
      done(partition);
      return;
    }
    const group = partition.groupOf(groupId);
    if (group === undefined) done(ErrorCode.GROUP_ID_NOT_FOUND);
    else if (group.phase !== 'Empty') done(ErrorCode.NON_EMPTY_GROUP);
    else {
      partition.dropSession(groupId);
      partition.submit({ type: 'ForgetGroup', groupId }, done);
    }
  }

  /**
   * Forgets committed offsets but those of topics that a living consumer group subscribes to. `done` gets an error for
   * the whole request, or the topics that were left alone.
   */
  deleteOffsets(
    groupId: string,
    partitions: readonly TopicPartition[],
    done: (error: ErrorCode, subscribed: ReadonlySet<string>) => void,
  ): void {
    const owner = this.partitionOf(groupId);
    if (typeof owner === 'number') {
      done(owner, new Set());
      return;
    }
    const group = owner.groupOf(groupId);
    if (group === undefined || (group.phase !== 'Empty' && group.protocolType !== CONSUMER_PROTOCOL)) {
      done(group === undefined ? ErrorCode.GROUP_ID_NOT_FOUND : ErrorCode.NON_EMPTY_GROUP, new Set());
      return;
    }
    const subscribed = new Set(
      partitions.map(({ topic }) => topic).filter((topic) => isSubscribed(group, topic)),
    );
    const free = partitions.filter(({ topic }) => !subscribed.has(topic));
    owner.submit({ type: 'ForgetOffsets', groupId, partitions: free }, (error) => done(error, subscribed));
  }

  #forgetTopics(topics: ReadonlySet<string>): void {
    for (const partition of this.partitions()) {
      for (const [groupId, { offsets }] of partition.stored) {
        if (![...offsets.keys()].some((topic) => topics.has(topic))) continue;
        // If this fails the offsets stay until they expire; nobody reads them while the topic is gone.
        partition.submit({ type: 'ForgetTopics', groupId, topics }, () => undefined);
      }
    }
  }

  #scheduleExpiry(): void {
    const { clock, settings } = this.options;
    this.#expiryTimer = clock.setTimer(settings['offsets.retention.check.interval.ms'], () => {
      this.#expireOffsets();
      this.#scheduleExpiry();
    });
  }

  #expireOffsets(): void {
    const nowMs = this.options.clock.now();
    const retentionMs = this.options.settings['offsets.retention.minutes'] * 60_000;
    for (const partition of this.partitions()) {
      for (const [groupId, records] of partition.stored) {
        const group = partition.groupOf(groupId);
        const unused = group === undefined || (group.phase === 'Empty' && group.newcomers.size === 0);
        if (!unused || !hasExpired(records, nowMs, retentionMs)) continue;
        partition.submit({ type: 'ExpireOffsets', groupId, nowMs, retentionMs, unused }, () => undefined);
      }
    }
  }
}

function isSubscribed(group: Group, topic: string): boolean {
  for (const member of group.members.values()) {
    const topics = subscribedTopics(
      metadataOf(member, group.protocolName ?? member.protocols[0]?.name ?? null),
    );
    if (topics === undefined || topics.includes(topic)) return true;
  }
  return false;
}

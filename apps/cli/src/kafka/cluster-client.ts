/**
 * The brokers as one: knows from Metadata who leads which partition, and keeps a connection to each broker that was
 * needed. Opened and closed by one command. A broker that dies while the command runs is no fault of the command: what
 * any broker can answer, another is asked; a leader's question waits for the next leader.
 *
 * What must hold: whatever is asked here may be asked twice, for an answer that is lost is asked for again.
 */
import { setTimeout as delay } from 'node:timers/promises';
import {
  ErrorCode,
  errorOf,
  findCoordinatorApi,
  listOffsetsApi,
  metadataApi,
  type Api,
  type Decoded,
  type Encodable,
  type FieldMap,
} from '@tidemark/wire';
import { Fault } from '../console/fault.js';
import type { BrokerAddress } from '../stack/target.js';
import { BrokerGone, WireClient } from './wire-client.js';

export interface PartitionInfo {
  readonly partition: number;
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
}

export interface TopicInfo {
  readonly name: string;
  readonly internal: boolean;
  readonly partitions: readonly PartitionInfo[];
}

export const EARLIEST = -2;
export const LATEST = -1;

/** How long a command waits for another broker to lead what a dead one led: several elections. */
const LEADERS_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 200;

/** What a broker answers that is not, or not yet, the one to ask. */
const MOVED: ReadonlySet<number> = new Set([
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.LEADER_NOT_AVAILABLE,
  ErrorCode.FENCED_LEADER_EPOCH,
  ErrorCode.UNKNOWN_LEADER_EPOCH,
  ErrorCode.OFFSET_NOT_AVAILABLE,
]);

/** Throws a `Fault` for a code other than none. */
export function assertNoError(code: number, what: string): void {
  if (code === ErrorCode.NONE) return;
  const error = errorOf(code);
  throw new Fault(`${what}: ${error === undefined ? `error ${code}` : `${error.name}, ${error.meaning}`}`);
}

export class ClusterClient {
  readonly #brokers = new Map<number, BrokerAddress>();
  readonly #connections = new Map<number, Promise<WireClient>>();

  /** Whom questions go to that any broker can answer. */
  #any: WireClient | undefined;

  private constructor(private readonly named: readonly BrokerAddress[]) {}

  /** By the first of the addresses where a broker answers. Rejects with the last one's `Fault` when none does. */
  static async open(addresses: readonly BrokerAddress[]): Promise<ClusterClient> {
    const cluster = new ClusterClient(addresses);
    await cluster.topics([]);
    return cluster;
  }

  get brokerIds(): readonly number[] {
    return [...this.#brokers.keys()].sort((a, b) => a - b);
  }

  /** All topics, or the named ones; never creates any. Rejects with a `Fault` for a name that does not exist. */
  async topics(names?: readonly string[]): Promise<TopicInfo[]> {
    const answer = await this.ask(
      metadataApi,
      { topics: names?.map((name) => ({ name })) ?? null, allowAutoTopicCreation: false },
      12,
    );
    for (const { nodeId, host, port } of answer.brokers) this.#brokers.set(nodeId, { host, port });
    return answer.topics.map((topic) => {
      assertNoError(topic.errorCode, `topic ${topic.name ?? topic.topicId}`);
      return {
        name: topic.name ?? '',
        internal: topic.isInternal,
        partitions: topic.partitions
          .map((partition) => ({
            partition: partition.partitionIndex,
            leader: partition.leaderId,
            leaderEpoch: partition.leaderEpoch,
            replicas: partition.replicaNodes,
            isr: partition.isrNodes,
          }))
          .sort((a, b) => a.partition - b.partition),
      };
    });
  }

  /** The offset at `EARLIEST` or `LATEST` of every partition of the topics, by `topic/partition`. */
  async offsets(topics: readonly TopicInfo[], timestamp: number): Promise<Map<string, number>> {
    const found = new Map<string, number>();
    const names = topics.map(({ name }) => name);
    const deadline = Date.now() + LEADERS_WITHIN_MS;
    for (let left = topics; ; left = await this.topics(names)) {
      const missed = await this.#offsetsOfLed(left, timestamp, found);
      if (missed === undefined) return found;
      if (Date.now() > deadline) throw missed;
      await delay(LOOK_EVERY_MS);
    }
  }

  /** Adds what is not found yet. Answers why leaders that the topics name were not the ones to ask; nothing when all were. */
  async #offsetsOfLed(
    topics: readonly TopicInfo[],
    timestamp: number,
    found: Map<string, number>,
  ): Promise<Fault | undefined> {
    let missed: Fault | undefined;
    for (const leader of new Set(topics.flatMap((topic) => topic.partitions.map((one) => one.leader)))) {
      // Nobody can be asked where there is no leader; such a partition is not among the answers.
      if (leader < 0) continue;
      const asked = topics
        .map(({ name, partitions }) => ({
          name,
          partitions: partitions
            .filter((one) => one.leader === leader && !found.has(`${name}/${one.partition}`))
            .map(({ partition }) => ({ partitionIndex: partition, timestamp })),
        }))
        .filter(({ partitions }) => partitions.length > 0);
      if (asked.length === 0) continue;
      try {
        const answer = await this.call(leader, listOffsetsApi, { replicaId: -1, topics: asked }, 7);
        for (const { name, partitions } of answer.topics) {
          for (const { partitionIndex, errorCode, offset } of partitions) {
            const where = `${name}/${partitionIndex}`;
            if (MOVED.has(errorCode)) missed = new Fault(`${where} has no leader that answers`);
            else {
              assertNoError(errorCode, where);
              found.set(where, offset);
            }
          }
        }
      } catch (cause) {
        if (!(cause instanceof BrokerGone)) throw cause;
        missed = cause;
      }
    }
    return missed;
  }

  /** The broker that coordinates the group. */
  async coordinatorOf(group: string): Promise<number> {
    const { coordinators } = await this.ask(findCoordinatorApi, { coordinatorKeys: [group] });
    const [coordinator] = coordinators;
    if (coordinator === undefined) throw new Fault(`nobody coordinates the group ${group}`);
    assertNoError(coordinator.errorCode, `group ${group}`);
    this.#brokers.set(coordinator.nodeId, { host: coordinator.host, port: coordinator.port });
    return coordinator.nodeId;
  }

  /**
   * Asks whichever broker is connected, and another when that one is gone; what only the controller decides they pass
   * on. Rejects with the last one's `Fault` when none is left.
   */
  async ask<Q extends FieldMap, P extends FieldMap>(
    api: Api<Q, P>,
    request: Encodable<Q>,
    versionMax?: number,
  ): Promise<Decoded<P>> {
    if (this.#any !== undefined) {
      try {
        return await this.#any.call(api, request, versionMax);
      } catch (cause) {
        if (!(cause instanceof BrokerGone)) throw cause;
        this.#any.close();
        this.#any = undefined;
      }
    }
    let last: unknown = new Fault('no broker is named');
    for (const address of [...this.named, ...this.#brokers.values()]) {
      try {
        this.#any = await WireClient.connect(address);
        return await this.#any.call(api, request, versionMax);
      } catch (cause) {
        this.#any?.close();
        this.#any = undefined;
        if (!(cause instanceof Fault)) throw cause;
        last = cause;
      }
    }
    throw last;
  }

  async call<Q extends FieldMap, P extends FieldMap>(
    brokerId: number,
    api: Api<Q, P>,
    request: Encodable<Q>,
    versionMax?: number,
  ): Promise<Decoded<P>> {
    const address = this.#brokers.get(brokerId);
    if (address === undefined) throw new BrokerGone(`broker ${brokerId} is not there at the moment`);
    let connection = this.#connections.get(brokerId);
    if (connection === undefined) {
      connection = WireClient.connect(address);
      this.#connections.set(brokerId, connection);
    }
    try {
      return await (await connection).call(api, request, versionMax);
    } catch (cause) {
      // It may come back before the command ends.
      if (cause instanceof BrokerGone) this.#connections.delete(brokerId);
      throw cause;
    }
  }

  async close(): Promise<void> {
    this.#any?.close();
    for (const connection of this.#connections.values()) (await connection.catch(() => undefined))?.close();
  }
}

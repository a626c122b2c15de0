/**
 * The brokers as one: knows from Metadata who leads which partition, and keeps a connection to each broker that was
 * needed. Opened and closed by one command.
 */
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
import { WireClient } from './wire-client.js';

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

/** Throws a `Fault` for a code other than none. */
export function assertNoError(code: number, what: string): void {
  if (code === ErrorCode.NONE) return;
  const error = errorOf(code);
  throw new Fault(`${what}: ${error === undefined ? `error ${code}` : `${error.name}, ${error.meaning}`}`);
}

export class ClusterClient {
  readonly #brokers = new Map<number, BrokerAddress>();
  readonly #connections = new Map<number, Promise<WireClient>>();

  private constructor(private readonly bootstrap: WireClient) {}

  /** By the first of the addresses where a broker answers. Rejects with the last one's `Fault` when none does. */
  static async open(addresses: readonly BrokerAddress[]): Promise<ClusterClient> {
    let last: unknown = new Fault('no broker is named');
    for (const address of addresses) {
      try {
        const cluster = new ClusterClient(await WireClient.connect(address));
        await cluster.topics([]);
        return cluster;
      } catch (cause) {
        if (!(cause instanceof Fault)) throw cause;
        last = cause;
      }
    }
    throw last;
  }

  get brokerIds(): readonly number[] {
    return [...this.#brokers.keys()].sort((a, b) => a - b);
  }

  /** All topics, or the named ones; never creates any. Rejects with a `Fault` for a name that does not exist. */
  async topics(names?: readonly string[]): Promise<TopicInfo[]> {
    const answer = await this.bootstrap.call(
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
    for (const leader of new Set(topics.flatMap((topic) => topic.partitions.map((one) => one.leader)))) {
      // Nobody can be asked where there is no leader; such a partition is not among the answers.
      if (leader < 0) continue;
      const asked = topics
        .map(({ name, partitions }) => ({
          name,
          partitions: partitions
            .filter((one) => one.leader === leader)
            .map(({ partition }) => ({ partitionIndex: partition, timestamp })),
        }))
        .filter(({ partitions }) => partitions.length > 0);
      const answer = await this.call(leader, listOffsetsApi, { replicaId: -1, topics: asked }, 7);
      for (const topic of answer.topics) {
        for (const partition of topic.partitions) {
          assertNoError(partition.errorCode, `${topic.name}/${partition.partitionIndex}`);
          found.set(`${topic.name}/${partition.partitionIndex}`, partition.offset);
        }
      }
    }
    return found;
  }

  /** The broker that coordinates the group. */
  async coordinatorOf(group: string): Promise<number> {
    const { coordinators } = await this.bootstrap.call(findCoordinatorApi, { coordinatorKeys: [group] });
    const [coordinator] = coordinators;
    if (coordinator === undefined) throw new Fault(`nobody coordinates the group ${group}`);
    assertNoError(coordinator.errorCode, `group ${group}`);
    this.#brokers.set(coordinator.nodeId, { host: coordinator.host, port: coordinator.port });
    return coordinator.nodeId;
  }

  /** Asks whichever broker is connected; what only the controller decides it passes on. */
  ask<Q extends FieldMap, P extends FieldMap>(
    api: Api<Q, P>,
    request: Encodable<Q>,
    versionMax?: number,
  ): Promise<Decoded<P>> {
    return this.bootstrap.call(api, request, versionMax);
  }

  async call<Q extends FieldMap, P extends FieldMap>(
    brokerId: number,
    api: Api<Q, P>,
    request: Encodable<Q>,
    versionMax?: number,
  ): Promise<Decoded<P>> {
    const address = this.#brokers.get(brokerId);
    if (address === undefined) throw new Fault(`broker ${brokerId} is not there at the moment`);
    let connection = this.#connections.get(brokerId);
    if (connection === undefined) {
      connection = WireClient.connect(address);
      this.#connections.set(brokerId, connection);
    }
    return (await connection).call(api, request, versionMax);
  }

  async close(): Promise<void> {
    this.bootstrap.close();
    for (const connection of this.#connections.values()) (await connection.catch(() => undefined))?.close();
  }
}

/**
 * What a simulated client knows of the cluster, and its connections: asks any broker for metadata, and whoever it asks
 * is forgotten when the connection breaks. Holds leaders by partition and one connection for each broker and purpose.
 * Producers, readers and group members have one each.
 */
import type { Address, Clock, Network } from '@tidemark/platform';
import { ErrorCode, metadataApi } from '@tidemark/wire';
import type { SeededRandom } from '../doors/seeded-random.js';
import { BrokerConnection } from './broker-connection.js';

export interface ClientDoors {
  readonly clock: Clock;
  readonly network: Network;
  readonly random: SeededRandom;
}

export interface ClientOptions extends ClientDoors {
  readonly clientId: string;
  readonly bootstrap: readonly Address[];
  readonly topics: readonly string[];
}

const METADATA_TIMEOUT_MS = 1_000;
const REFRESH_PAUSE_MS = 20;

export class ClientMetadata {
  /** `topic-partition` to the node that leads it. */
  private readonly leaders = new Map<string, number>();
  private readonly epochs = new Map<string, number>();
  private readonly addresses = new Map<number, Address>();
  private readonly connections = new Map<number, BrokerConnection>();
  /** To ask for metadata over, by bootstrap address. */
  private readonly asked = new Map<Address, BrokerConnection>();
  private partitionKeys: string[] = [];
  private asking = false;
  private waiting: (() => void)[] = [];

  constructor(private readonly options: ClientOptions) {}

  /** Partitions of the topics asked for, as far as they are known. */
  get keys(): readonly string[] {
    return this.partitionKeys;
  }

  leaderOf(key: string): number | undefined {
    return this.leaders.get(key);
  }

  /** A connection to a broker that metadata named. */
  to(node: number): BrokerConnection | undefined {
    const known = this.connections.get(node);
    if (known?.open === true) return known;
    const address = this.addresses.get(node);
    if (address === undefined) return undefined;
    const { network, clock, clientId } = this.options;
    const made = new BrokerConnection(network, clock, address, clientId);
    this.connections.set(node, made);
    return made;
  }

  /** Calls back when metadata was asked for once more, whatever came of it. */
  refresh(done: () => void): void {
    this.waiting.push(done);
    if (this.asking) return;
    this.asking = true;
    const { clock, bootstrap, random, topics } = this.options;
    const connection = this.connectionTo(random.pick(bootstrap));
    const request = { topics: topics.map((name) => ({ name })), allowAutoTopicCreation: false };
    connection.ask(metadataApi, 9, request, METADATA_TIMEOUT_MS, (answer) => {
      if (answer !== undefined) this.take(answer);
      clock.setTimer(REFRESH_PAUSE_MS + random.below(REFRESH_PAUSE_MS), () => {
        this.asking = false;
        for (const told of this.waiting.splice(0)) told();
      });
    });
  }

  /** Lets go of every connection. */
  close(): void {
    for (const connection of [...this.connections.values(), ...this.asked.values()]) connection.close();
    this.connections.clear();
    this.asked.clear();
  }

  private connectionTo(address: Address): BrokerConnection {
    const known = this.asked.get(address);
    if (known?.open === true) return known;
    const { network, clock, clientId } = this.options;
    const made = new BrokerConnection(network, clock, address, clientId);
    this.asked.set(address, made);
    return made;
  }

  private take(answer: MetadataAnswer): void {
    for (const { nodeId, host, port } of answer.brokers) this.addresses.set(nodeId, { host, port });
    for (const topic of answer.topics) {
      if (topic.errorCode !== ErrorCode.NONE) continue;
      for (const partition of topic.partitions) {
        const key = `${topic.name ?? ''}-${partition.partitionIndex}`;
        // A broker that is behind must not lead back to a leader of an earlier epoch.
        if (partition.leaderEpoch < (this.epochs.get(key) ?? -1)) continue;
        this.epochs.set(key, partition.leaderEpoch);
        if (partition.leaderId >= 0) this.leaders.set(key, partition.leaderId);
        else this.leaders.delete(key);
        if (!this.partitionKeys.includes(key)) this.partitionKeys = [...this.partitionKeys, key].sort();
      }
    }
  }
}

interface MetadataAnswer {
  readonly brokers: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[];
  readonly topics: readonly {
    readonly errorCode: number;
    readonly name: string | null;
    readonly partitions: readonly {
      readonly partitionIndex: number;
      readonly leaderId: number;
      readonly leaderEpoch: number;
    }[];
  }[];
}

/** `topic-partition` taken apart. */
export function partitionOf(key: string): { topic: string; partition: number } {
  const dash = key.lastIndexOf('-');
  return { topic: key.slice(0, dash), partition: Number(key.slice(dash + 1)) };
}

/**
 * A member of a consumer group over the real wire messages (classic protocol, eager): finds the coordinator, joins, is
 * given partitions, reads what is committed for them and commits ever higher offsets until the group changes. It reads no
 * records: what is tested is who owns what and whether commits are kept. Holds its place in the group.
 */
import {
  ErrorCode,
  findCoordinatorApi,
  heartbeatApi,
  joinGroupApi,
  offsetCommitApi,
  offsetFetchApi,
  syncGroupApi,
} from '@tidemark/wire';
import type { GroupHistory } from '../checkers/group-history.js';
import { BrokerConnection } from './broker-connection.js';
import { partitionOf, type ClientOptions } from './client-metadata.js';

export interface MemberOptions extends ClientOptions {
  readonly groupId: string;
  /** What the group divides among its members. */
  readonly keys: readonly string[];
  readonly history: GroupHistory;
}

const REQUEST_TIMEOUT_MS = 2_000;
const JOIN_TIMEOUT_MS = 6_000;
const SESSION_MS = 2_000;
const BEAT_MS = 900;
const RETRY_MS = 60;
const PROTOCOL = { protocolType: 'consumer', protocols: [{ name: 'range', metadata: new Uint8Array(0) }] };

export class SimulatedMember {
  /** Partitions that it owns at the moment. */
  owned: readonly string[] = [];
  private connection: BrokerConnection | undefined;
  private memberId = '';
  private generation = -1;
  private next = new Map<string, number>();
  private closed = false;
  private loading = true;

  constructor(private readonly options: MemberOptions) {}

  start(): void {
    const { network, clock, random, bootstrap, clientId, groupId } = this.options;
    if (this.closed) return;
    this.owned = [];
    this.connection?.close();
    const asking = new BrokerConnection(network, clock, random.pick(bootstrap), clientId);
    const request = { key: groupId, keyType: 0 };
    asking.ask(findCoordinatorApi, 3, request, REQUEST_TIMEOUT_MS, (answer) => {
      asking.close();
      if (answer?.errorCode !== ErrorCode.NONE) {
        this.again();
        return;
      }
      this.connection = new BrokerConnection(
        network,
        clock,
        { host: answer.host, port: answer.port },
        clientId,
      );
      this.join();
    });
  }

  /** Stays in the group and commits no more. */
  stopLoad(): void {
    this.loading = false;
  }

  close(): void {
    this.closed = true;
    this.owned = [];
    this.connection?.close();
  }

  private join(): void {
    const { groupId } = this.options;
    const request = {
      groupId,
      sessionTimeoutMs: SESSION_MS,
      rebalanceTimeoutMs: SESSION_MS,
      memberId: this.memberId,
      ...PROTOCOL,
    };
    this.owned = [];
    this.connection?.ask(joinGroupApi, 5, request, JOIN_TIMEOUT_MS, (answer) => {
      if (answer?.errorCode === ErrorCode.MEMBER_ID_REQUIRED) {
        this.memberId = answer.memberId;
        this.join();
        return;
      }
      if (answer?.errorCode !== ErrorCode.NONE) {
        this.failed(answer?.errorCode);
        return;
      }
      this.memberId = answer.memberId;
      this.generation = answer.generationId;
      const members = answer.members.map(({ memberId }) => memberId).sort();
      this.sync(answer.leader === this.memberId ? members : []);
    });
  }

  /** The leader of the group gives each member its share. */
  private sync(members: readonly string[]): void {
    const { groupId, keys } = this.options;
    const assignments = members.map((memberId, index) => ({
      memberId,
      assignment: encoder.encode(keys.filter((_, at) => at % members.length === index).join(',')),
    }));
    const request = { groupId, generationId: this.generation, memberId: this.memberId, assignments };
    this.connection?.ask(syncGroupApi, 3, request, REQUEST_TIMEOUT_MS, (answer) => {
      if (answer?.errorCode !== ErrorCode.NONE) {
        this.failed(answer?.errorCode);
        return;
      }
      const text = decoder.decode(answer.assignment);
      this.owned = text === '' ? [] : text.split(',');
      this.options.history.assigned(this.generation, this.memberId, this.owned);
      this.resume();
    });
  }

  /** Goes on where the group is. */
  private resume(): void {
    const { groupId, history } = this.options;
    const topics = topicsOf(this.owned).map(({ name, partitions }) => ({
      name,
      partitionIndexes: partitions,
    }));
    const atLeast = new Map(this.owned.map((key) => [key, history.acknowledgedOf(key)] as const));
    this.connection?.ask(offsetFetchApi, 5, { groupId, topics, groups: [] }, REQUEST_TIMEOUT_MS, (answer) => {
      if (answer?.errorCode !== ErrorCode.NONE) {
        this.failed(answer?.errorCode);
        return;
      }
      this.next = new Map();
      for (const { name, partitions } of answer.topics) {
        for (const { partitionIndex, committedOffset, errorCode } of partitions) {
          if (errorCode !== ErrorCode.NONE) {
            this.failed(errorCode);
            return;
          }
          const key = `${name}-${partitionIndex}`;
          history.fetched(key, committedOffset, atLeast.get(key) ?? -1);
          this.next.set(key, committedOffset + 1);
        }
      }
      this.beat();
    });
  }

  private beat(): void {
    if (this.closed) return;
    const { groupId, clock } = this.options;
    const request = { groupId, generationId: this.generation, memberId: this.memberId };
    this.connection?.ask(heartbeatApi, 3, request, REQUEST_TIMEOUT_MS, (answer) => {
      if (answer?.errorCode !== ErrorCode.NONE) this.failed(answer?.errorCode);
      else if (this.owned.length > 0 && this.loading) this.commit();
      else clock.setTimer(BEAT_MS, () => this.beat());
    });
  }

  private commit(): void {
    const { groupId, history, clock } = this.options;
    const offsets = new Map(this.owned.map((key) => [key, this.next.get(key) ?? 0] as const));
    const topics = topicsOf(this.owned).map(({ name, partitions }) => ({
      name,
      partitions: partitions.map((partitionIndex) => ({
        partitionIndex,
        committedOffset: offsets.get(`${name}-${partitionIndex}`) ?? 0,
        committedMetadata: null,
      })),
    }));
    const request = { groupId, generationIdOrMemberEpoch: this.generation, memberId: this.memberId, topics };
    this.connection?.ask(offsetCommitApi, 6, request, REQUEST_TIMEOUT_MS, (answer) => {
      for (const { name, partitions } of answer?.topics ?? []) {
        for (const { partitionIndex, errorCode } of partitions) {
          const key = `${name}-${partitionIndex}`;
          const offset = offsets.get(key) ?? 0;
          if (errorCode !== ErrorCode.NONE) {
            this.failed(errorCode);
            return;
          }
          history.committed(key, offset);
          this.next.set(key, offset + 1);
        }
      }
      if (answer === undefined) this.failed(undefined);
      else clock.setTimer(BEAT_MS, () => this.beat());
    });
  }

  /** Joins anew where it is, or looks for the coordinator. */
  private failed(error: number | undefined): void {
    if (this.closed) return;
    if (error === ErrorCode.UNKNOWN_MEMBER_ID) this.memberId = '';
    if (error !== undefined && REJOIN.has(error)) {
      this.options.clock.setTimer(1, () => this.join());
      return;
    }
    this.again();
  }

  private again(): void {
    const { clock, random } = this.options;
    clock.setTimer(RETRY_MS + random.below(RETRY_MS), () => this.start());
  }
}

const REJOIN: ReadonlySet<number> = new Set([
  ErrorCode.REBALANCE_IN_PROGRESS,
  ErrorCode.ILLEGAL_GENERATION,
  ErrorCode.UNKNOWN_MEMBER_ID,
]);

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function topicsOf(keys: readonly string[]): { name: string; partitions: number[] }[] {
  const topics = new Map<string, number[]>();
  for (const { topic, partition } of keys.map(partitionOf)) {
    topics.set(topic, [...(topics.get(topic) ?? []), partition]);
  }
  return [...topics].map(([name, partitions]) => ({ name, partitions }));
}

/**
 * A consumer group that only commits: one offset after the other to one partition, from outside of any membership, always
 * at whoever coordinates the group. Holds what was acknowledged and what was sent last; whatever a coordinator tells
 * later must lie between the two.
 */
import { ErrorCode, findCoordinatorApi, offsetCommitApi, offsetFetchApi } from '@tidemark/wire';
import { eventually } from '../eventually.js';
import { WireConnection } from '../wire-connection.js';
import { within } from '../within.js';

const ANSWER_MS = 1_500;
const PAUSE_MS = 10;

interface Coordinator {
  readonly nodeId: number;
  readonly address: string;
}

export class OffsetCommitter {
  #sent = 0;
  #acknowledged = 0;
  #stopping = false;
  #running: Promise<void> = Promise.resolve();
  #acknowledgedAt = performance.now();
  #longestGapMs = 0;
  /** Commits whose fate the end of a connection or a late answer left open. */
  unknown = 0;

  constructor(
    private readonly addresses: readonly string[],
    readonly group: string,
    private readonly topic: string,
  ) {}

  get acknowledged(): number {
    return this.#acknowledged;
  }

  get longestGapMs(): number {
    return Math.max(this.#longestGapMs, performance.now() - this.#acknowledgedAt);
  }

  resetGap(): void {
    this.#longestGapMs = 0;
  }

  start(): void {
    this.#acknowledgedAt = performance.now();
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#running;
  }

  /** By any broker that answers; nothing while nobody coordinates. */
  async coordinator(): Promise<Coordinator | undefined> {
    const question = { keyType: 0, coordinatorKeys: [this.group] };
    for (const address of this.addresses) {
      const found = await asked(address, (connection) =>
        connection.request(findCoordinatorApi, 4, question),
      ).catch(() => undefined);
      const answer = found?.coordinators[0];
      if (answer?.errorCode === ErrorCode.NONE)
        return { nodeId: answer.nodeId, address: `${answer.host}:${answer.port}` };
    }
    return undefined;
  }

  /** What the group's coordinator holds now, and what is wrong with it: nothing when it is in order. */
  async faults(): Promise<string[]> {
    const acknowledged = this.#acknowledged;
    const held = await eventually(() => this.#fetch(), 60_000, `offsets of ${this.group} can be read`);
    const inOrder = held.offset >= acknowledged && held.offset <= this.#sent;
    const range = `${acknowledged} was acknowledged, ${this.#sent} sent`;
    return inOrder ? [] : [`${this.group} is at ${held.offset}: ${range}`];
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      const coordinator = await this.coordinator();
      if (coordinator !== undefined) await this.#commitAt(coordinator.address).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  /** One after the other, until the coordinator is not to be had. */
  async #commitAt(address: string): Promise<void> {
    await asked(address, async (connection) => {
      while (!this.#stopping) {
        const offset = ++this.#sent;
        this.unknown += 1;
        const error = await within(ANSWER_MS, this.#commit(connection, offset));
        this.unknown -= 1;
        if (error !== ErrorCode.NONE) return;
        const now = performance.now();
        this.#longestGapMs = Math.max(this.#longestGapMs, now - this.#acknowledgedAt);
        this.#acknowledgedAt = now;
        this.#acknowledged = offset;
      }
    });
  }

  async #commit(connection: WireConnection, committedOffset: number): Promise<number> {
    const partitions = [{ partitionIndex: 0, committedOffset, committedMetadata: '' }];
    const answer = await connection.request(offsetCommitApi, 7, {
      groupId: this.group,
      generationIdOrMemberEpoch: -1,
      memberId: '',
      topics: [{ name: this.topic, partitions }],
    });
    return answer.topics[0]?.partitions[0]?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR;
  }

  async #fetch(): Promise<{ offset: number } | undefined> {
    const coordinator = await this.coordinator();
    if (coordinator === undefined) return undefined;
    const topics = [{ name: this.topic, partitionIndexes: [0] }];
    const answer = await asked(coordinator.address, (connection) =>
      connection.request(offsetFetchApi, 5, { groupId: this.group, topics, groups: [] }),
    ).catch(() => undefined);
    const found = answer?.topics[0]?.partitions[0];
    const isThere = answer?.errorCode === ErrorCode.NONE && found?.errorCode === ErrorCode.NONE;
    return isThere ? { offset: found.committedOffset } : undefined;
  }
}

async function asked<Answer>(
  address: string,
  question: (connection: WireConnection) => Promise<Answer>,
): Promise<Answer> {
  const connection = await WireConnection.open(address, ANSWER_MS);
  try {
    return await question(connection);
  } finally {
    connection.close();
  }
}

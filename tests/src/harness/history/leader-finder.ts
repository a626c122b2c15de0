/**
 * Who leads what, as clients learn it: by Metadata from any broker. Holds the newest leader known of each partition,
 * with its epoch, so that a broker that is behind does not lead back. Asks all brokers at once and is content with the
 * first that answers, for the others may be stopped or cut off. One for each workload; its clients share what is asked.
 */
import { ErrorCode, metadataApi } from '@tidemark/wire';
import { WireConnection } from '../wire-connection.js';
import { within } from '../within.js';

export interface Leader {
  readonly nodeId: number;
  readonly address: string;
  readonly epoch: number;
}

const METADATA_VERSION = 9;
const ANSWER_MS = 500;
/** Between two rounds of questions. */
const PAUSE_MS = 15;

export class LeaderFinder {
  readonly #leaders = new Map<string, Leader>();
  #asking: Promise<void> | undefined;

  constructor(
    private readonly bootstrap: readonly string[],
    private readonly topic: string,
  ) {}

  leaderOf(partition: number): Leader | undefined {
    return this.#leaders.get(String(partition));
  }

  /** Resolves when somebody answered, or nobody did. */
  refresh(): Promise<void> {
    this.#asking ??= this.#askAll().finally(() => (this.#asking = undefined));
    return this.#asking;
  }

  async #askAll(): Promise<void> {
    await Promise.any(this.bootstrap.map((address) => this.#ask(address))).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }

  async #ask(address: string): Promise<void> {
    const connection = await WireConnection.open(address, ANSWER_MS);
    try {
      const question = { topics: [{ name: this.topic }], allowAutoTopicCreation: false };
      const answer = await within(ANSWER_MS, connection.request(metadataApi, METADATA_VERSION, question));
      const addresses = new Map(answer.brokers.map(({ nodeId, host, port }) => [nodeId, `${host}:${port}`]));
      const [topic] = answer.topics;
      if (topic?.errorCode !== ErrorCode.NONE) throw new Error(`metadata: error ${topic?.errorCode}`);
      for (const { partitionIndex, leaderId, leaderEpoch } of topic.partitions) {
        const known = this.#leaders.get(String(partitionIndex));
        const at = addresses.get(leaderId);
        if (at === undefined || leaderEpoch < (known?.epoch ?? -1)) continue;
        this.#leaders.set(String(partitionIndex), { nodeId: leaderId, address: at, epoch: leaderEpoch });
      }
    } finally {
      connection.close();
    }
  }
}

/**
 * Somebody else's client, which must not notice an attack: produces numbers one after the other with acks=all and
 * fetches each back, all the while. Holds two connections, and whatever was not as it should be. It never retries, so
 * that a broken connection, an error code, a wrong offset or a long wait shows.
 */
import { buildBatch, ErrorCode, fetchApi, metadataApi, produceApi, readRecords } from '@tidemark/wire';
import { eventually } from '../harness/eventually.js';
import { WireConnection } from '../harness/wire-connection.js';

export class Victim {
  /** Rounds of produce and fetch that went well. */
  rounds = 0;
  longestMs = 0;
  readonly complaints: string[] = [];
  #stopping = false;
  #running: Promise<void> | undefined;

  private constructor(
    readonly topic: string,
    private readonly producer: WireConnection,
    private readonly consumer: WireConnection,
  ) {}

  static async start(address: string, topic = 'victim'): Promise<Victim> {
    const victim = new Victim(topic, await WireConnection.open(address), await WireConnection.open(address));
    await eventually(async () => {
      const request = { topics: [{ name: topic }], allowAutoTopicCreation: true };
      const { topics } = await victim.producer.request(metadataApi, 4, request);
      return topics[0]?.errorCode === ErrorCode.NONE;
    });
    victim.#running = victim.#run();
    return victim;
  }

  /** Waits until so many more rounds went well (or something went wrong). */
  async goesOn(rounds = 3): Promise<void> {
    const goal = this.rounds + rounds;
    await eventually(
      () => this.#stopping || this.rounds >= goal || this.complaints.length > 0,
      20_000,
      'the other client goes on',
    );
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#running;
    this.producer.close();
    this.consumer.close();
  }

  async #run(): Promise<void> {
    try {
      while (!this.#stopping) {
        const begun = performance.now();
        await this.#produce(this.rounds);
        const seen = await this.#fetch(this.rounds);
        if (seen !== String(this.rounds)) throw new Error(`read ${seen} at ${this.rounds}`);
        this.longestMs = Math.max(this.longestMs, performance.now() - begun);
        this.rounds += 1;
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    } catch (error) {
      this.complaints.push((error as Error).message);
    }
  }

  async #produce(number: number): Promise<void> {
    const records = [{ key: null, value: Buffer.from(String(number)), headers: [] }];
    const answer = await this.producer.request(produceApi, 7, {
      transactionalId: null,
      acks: -1,
      timeoutMs: 5_000,
      topicData: [
        {
          name: this.topic,
          partitionData: [{ index: 0, records: buildBatch(records, { timestamp: Date.now() }) }],
        },
      ],
    });
    const partition = answer.responses[0]?.partitionResponses[0];
    if (partition?.errorCode !== ErrorCode.NONE) throw new Error(`produce: error ${partition?.errorCode}`);
    if (partition.baseOffset !== number) throw new Error(`${number} is at offset ${partition.baseOffset}`);
  }

  async #fetch(fetchOffset: number): Promise<string | undefined> {
    const limits = { partitionMaxBytes: 1024, currentLeaderEpoch: -1, logStartOffset: -1 };
    const answer = await this.consumer.request(fetchApi, 11, {
      replicaId: -1,
      maxWaitMs: 5_000,
      minBytes: 1,
      maxBytes: 1024,
      isolationLevel: 0,
      sessionId: 0,
      sessionEpoch: -1,
      topics: [{ topic: this.topic, partitions: [{ partition: 0, fetchOffset, ...limits }] }],
      forgottenTopicsData: [],
      rackId: '',
    });
    const partition = answer.responses[0]?.partitions[0];
    if (partition?.errorCode !== ErrorCode.NONE) throw new Error(`fetch: error ${partition?.errorCode}`);
    for (const record of readRecords(partition.records ?? new Uint8Array())) {
      if (record.offset === fetchOffset) return Buffer.from(record.value ?? []).toString();
    }
    return undefined;
  }
}

/**
 * The process's idempotent producer, in generations. All lanes share one producer (one producer id, one set of
 * connections) until a batch of one of them ends in doubt: kafkajs would then number the next batch as it numbered the
 * doubtful one, and a broker that has that one would take the new records for a repetition and lose them. So the lane
 * takes a producer of the next generation; the others follow when they are idle, and the old one is closed.
 */
import type { Producer } from 'kafkajs';
import { createKafka, RETRY } from './kafka-client.js';
import type { KafkaSettings } from './kafka-client.js';

export interface Generation {
  readonly number: number;
  readonly producer: Producer;
  /** Rejects when the cluster cannot be reached; asked again it tries again. */
  connected(): Promise<void>;
}

class ProducerGeneration implements Generation {
  readonly producer: Producer;
  users = 0;
  #connecting: Promise<void> | undefined;

  constructor(
    settings: KafkaSettings,
    readonly number: number,
  ) {
    this.producer = createKafka(settings, `producer.${number}`).producer({
      idempotent: true,
      allowAutoTopicCreation: false,
      // One produce request of a broker at a time keeps the order; kafkajs locks for idempotence anyway.
      maxInFlightRequests: 1,
      // The partition is always chosen before; see partitioner.ts.
      createPartitioner:
        () =>
        ({ message }) =>
          message.partition ?? 0,
      retry: RETRY,
    });
  }

  connected(): Promise<void> {
    this.#connecting ??= this.producer.connect().catch((error: unknown) => {
      this.#connecting = undefined;
      throw error;
    });
    return this.#connecting;
  }
}

export class ProducerGenerations {
  readonly #settings: KafkaSettings;
  #current: ProducerGeneration;
  readonly #all = new Set<ProducerGeneration>();

  constructor(settings: KafkaSettings) {
    this.#settings = settings;
    this.#current = new ProducerGeneration(settings, 1);
    this.#all.add(this.#current);
  }

  /** The producer for a lane that has nothing under way; to be given back. */
  take(): Generation {
    this.#current.users += 1;
    return this.#current;
  }

  /** `doubtful`: nobody must begin with it any more. */
  giveBack(generation: Generation, doubtful: boolean): void {
    const given = [...this.#all].find((known) => known === generation);
    if (given === undefined) return;
    given.users -= 1;
    if (doubtful && given === this.#current) {
      this.#current = new ProducerGeneration(this.#settings, given.number + 1);
      this.#all.add(this.#current);
    }
    if (given !== this.#current && given.users === 0) void this.#disconnect(given);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#all].map((generation) => this.#disconnect(generation)));
  }

  async #disconnect(generation: ProducerGeneration): Promise<void> {
    this.#all.delete(generation);
    await generation.producer.disconnect().catch(() => undefined);
  }
}

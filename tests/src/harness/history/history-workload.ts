/**
 * Clients of one topic while faults happen: a producer and a reader for each partition, all of whose doings go into one
 * history. `finish` reads everything once more with fresh clients and lets the history checker say what was lost,
 * written twice or out of order; replicas are compared by `replicas-compared.ts`. Holds the clients.
 */
import { History, type Anomaly } from '@tidemark/simulation';
import { eventually } from '../eventually.js';
import { HistoryProducer } from './history-producer.js';
import { HistoryReader } from './history-reader.js';
import { LeaderFinder } from './leader-finder.js';
import { lossyVerdict } from './lossy-verdict.js';

export interface Verdict {
  readonly acknowledged: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly reordered: number;
  /** What else may not be: two values at an offset, values that nobody sent, answers no broker may give. */
  readonly other: number;
  /** The first of each kind, in words. */
  readonly details: readonly string[];
}

export interface WorkloadPlan {
  readonly addresses: readonly string[];
  readonly topic: string;
  readonly partitions: number;
  readonly recordBytes?: number;
  /** By the topic's settings: then a reader may find its position gone, and a producer begins anew. */
  readonly mayLose?: boolean;
}

const FINISH_MS = 60_000;
const DETAILS_MAX = 6;

const LOST: readonly Anomaly['kind'][] = ['lost-write', 'unseen'];
const DUPLICATED: readonly Anomaly['kind'][] = ['duplicate'];
const REORDERED: readonly Anomaly['kind'][] = ['nonmonotonic-send', 'nonmonotonic-poll', 'realtime-order'];

export class HistoryWorkload {
  readonly #history = new History();
  readonly #finder: LeaderFinder;
  readonly producers: readonly HistoryProducer[];
  readonly #readers: readonly HistoryReader[];
  readonly #readAgain: HistoryReader[] = [];
  #rereads = 0;

  constructor(private readonly plan: WorkloadPlan) {
    const { addresses, topic } = plan;
    this.#finder = new LeaderFinder(addresses, topic);
    const partitions = Array.from({ length: plan.partitions }, (_, partition) => partition);
    this.producers = partitions.map(
      (partition) =>
        new HistoryProducer({
          history: this.#history,
          finder: this.#finder,
          addresses,
          topic,
          partition,
          recordBytes: plan.recordBytes ?? 0,
          mayLose: plan.mayLose ?? false,
        }),
    );
    this.#readers = partitions.map((partition) =>
      this.#reader(`reader-${partition}`, partition, this.#finder),
    );
  }

  async start(): Promise<void> {
    await Promise.all(this.producers.map((producer) => producer.start()));
    for (const reader of this.#readers) reader.start();
  }

  get acknowledged(): number {
    return this.#history.acknowledged;
  }

  /** Every producer gets `records` more acknowledged. */
  async progress(records: number, timeoutMs = 60_000): Promise<void> {
    const goals = this.producers.map(({ acknowledged }) => acknowledged + records);
    await eventually(
      () => this.producers.every(({ acknowledged }, index) => acknowledged >= (goals[index] ?? 0)),
      timeoutMs,
      `all ${goals.length} producers get ${records} more records acknowledged (${this.#stuck()})`,
    );
  }

  /** Positions that readers found to be gone: an end of the log behind what they had read. */
  get positionsLost(): number {
    return [...this.#readers, ...this.#readAgain].reduce((sum, { wrong }) => sum + wrong.length, 0);
  }

  resetGaps(): void {
    for (const producer of this.producers) producer.resetGap();
  }

  /** The longest time that any producer waited between two acknowledgements since the last reset. */
  get longestGapMs(): number {
    return Math.max(...this.producers.map(({ longestGapMs }) => longestGapMs));
  }

  get retries(): number {
    let count = 0;
    for (const { retries } of this.producers) for (const times of retries.values()) count += times;
    return count;
  }

  /** Reads all that is acknowledged so far once more, from the start: for the judgement at the end. */
  async readAgain(timeoutMs = FINISH_MS): Promise<void> {
    this.#rereads += 1;
    const readers = this.producers.map(({ partition }) =>
      this.#reader(`again-${this.#rereads}-${partition}`, partition, this.#finder),
    );
    this.#readAgain.push(...readers);
    const ends = this.producers.map(({ endOffset }) => endOffset);
    await Promise.all(readers.map((reader, partition) => reader.readTo(ends[partition] ?? 0, timeoutMs)));
  }

  /**
   * Stops the producers, reads all partitions from the start with fresh clients, and judges. `lossesMax`: how often
   * records may have been lost, where they may.
   */
  async finish(lossesMax = 0): Promise<Verdict> {
    const late: string[] = [];
    await Promise.all(
      this.producers.map(async (producer) => {
        const timer = setTimeout(() => {
          late.push(`partition ${producer.partition}: not acknowledged to the end`);
          producer.abandon();
        }, FINISH_MS);
        await producer.stop();
        clearTimeout(timer);
      }),
    );
    await Promise.all(this.#readers.map((reader) => reader.stop()));
    const fresh = new LeaderFinder(this.plan.addresses, this.plan.topic);
    const finals = this.producers.map(({ partition }) =>
      this.#reader(`final-${partition}`, partition, fresh),
    );
    const unread = await Promise.all(
      finals.map((reader, partition) =>
        reader.readTo(this.producers[partition]?.endOffset ?? 0, FINISH_MS).then(
          () => '',
          (error: unknown) => (error as Error).message,
        ),
      ),
    );
    const wrong = [...late, ...unread.filter((text) => text !== '')];
    for (const producer of this.producers) wrong.push(...producer.wrong);
    if (this.plan.mayLose === true) {
      const logs = this.producers.map(({ partition, acknowledgedNumbers }) => ({
        partition,
        acknowledged: acknowledgedNumbers,
        values: finals[partition]?.values ?? [],
        lossesMax,
      }));
      return lossyVerdict(logs, wrong);
    }
    for (const reader of [...this.#readers, ...this.#readAgain, ...finals]) wrong.push(...reader.wrong);
    return verdictOf(this.#history.acknowledged, this.#history.check(), wrong);
  }

  /** For an end by failure: nothing is waited for. */
  async abandon(): Promise<void> {
    for (const producer of this.producers) producer.abandon();
    await Promise.all(this.producers.map((producer) => producer.stop()));
    await Promise.all(this.#readers.map((reader) => reader.stop()));
  }

  #reader(name: string, partition: number, finder: LeaderFinder): HistoryReader {
    return new HistoryReader({ name, history: this.#history, finder, topic: this.plan.topic, partition });
  }

  #stuck(): string {
    return this.producers
      .map(({ partition, retries }) => `${partition}: ${JSON.stringify(Object.fromEntries(retries))}`)
      .join(' ');
  }
}

function verdictOf(acknowledged: number, anomalies: readonly Anomaly[], wrong: readonly string[]): Verdict {
  const count = (kinds: readonly Anomaly['kind'][]): number =>
    anomalies.filter(({ kind }) => kinds.includes(kind)).length;
  const named = count([...LOST, ...DUPLICATED, ...REORDERED]);
  const texts = anomalies.map(({ kind, key, detail }) => `${kind} ${key}: ${detail}`);
  return {
    acknowledged,
    lost: count(LOST),
    duplicated: count(DUPLICATED),
    reordered: count(REORDERED),
    other: anomalies.length - named + wrong.length,
    details: [...wrong, ...texts].slice(0, DETAILS_MAX),
  };
}

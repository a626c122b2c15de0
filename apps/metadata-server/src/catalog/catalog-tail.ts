/**
 * The catalog as this replica sees it: every partition of `tidemark.catalog`, folded in memory. Requests for experiments
 * are judged by it. Holds the fold, how far it is, and those who wait for it to come further.
 */
import {
  CATALOG_TOPIC,
  type CatalogState,
  decode,
  emptyCatalog,
  findApplication,
  foldCatalog,
  formatPosition,
  isCatalogMessage,
  mergePositions,
  parsePosition,
  partitionKey,
  type Position,
} from '@tidemark/contracts';
import type { Clock } from '@tidemark/platform';
import { type DeliveredBatch, PositionWaiters, type Tail, type Topics } from '@tidemark/service';
import type { CatalogView } from '../experiments/experiments-command.js';

export class CatalogTail {
  readonly #catalog: CatalogState = emptyCatalog();
  readonly #waiters: PositionWaiters;
  #position: Position = new Map();
  #tail: Tail | undefined;

  private constructor(clock: Clock) {
    this.#waiters = new PositionWaiters(clock, (topic) => topic === CATALOG_TOPIC);
  }

  static async open(topics: Topics, clock: Clock): Promise<CatalogTail> {
    const catalog = new CatalogTail(clock);
    catalog.#tail = await topics.tail({
      topics: [CATALOG_TOPIC],
      purpose: 'catalog',
      from: 'beginning',
      onBatch: (batch) => catalog.#take(batch),
    });
    return catalog;
  }

  /** Resolves once everything that was in the catalog at the start has been folded. */
  get caughtUp(): Promise<void> {
    return this.#tail?.caughtUp ?? Promise.resolve();
  }

  /** Waits until the fold has come to a position, at most so long; answers what the gateway sees of it then. */
  async viewAt(position: string, gateway: string, timeoutMs: number): Promise<CatalogView> {
    const wanted = parsePosition(position);
    const reached =
      wanted !== undefined && (await this.#waiters.wait(this.#position, wanted, timeoutMs)) === 'reached';
    const catalog = this.#catalog;
    return {
      reached,
      position: formatPosition(this.#position),
      application: (name, version) => {
        const found = findApplication(catalog, name, version);
        return found?.gateway === gateway ? found : undefined;
      },
      dataProduct: (id) => {
        const found = catalog.dataProducts.get(id);
        return found?.gateway === gateway ? found.dataProduct : undefined;
      },
    };
  }

  async close(): Promise<void> {
    this.#waiters.close();
    await this.#tail?.close();
  }

  #take({ topic, partition, records, nextPosition }: DeliveredBatch): void {
    for (const record of records) {
      const decoded = decode(record);
      // What nobody understands is the decider's to report; for everybody else it says nothing.
      if (decoded.kind !== 'message' || !isCatalogMessage(decoded.message)) continue;
      foldCatalog(this.#catalog, decoded.message, record);
    }
    this.#position = mergePositions(
      this.#position,
      new Map([[partitionKey(topic, partition), nextPosition]]),
    );
    this.#waiters.reached(this.#position);
  }
}

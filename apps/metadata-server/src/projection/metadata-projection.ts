/**
 * The metadata projection for the runner: the shared fold of `@tidemark/contracts`, with the states of experiments kept
 * in memory while they are busy and read back from their rows otherwise. A restarted replica so goes on from its
 * database and not from the beginning of the log.
 */
import {
  experimentIdsOf,
  type ExperimentState,
  foldBatch,
  isTerminal,
  METADATA_PROJECTION,
  METADATA_TABLES,
  METADATA_TOPICS,
  understand,
} from '@tidemark/contracts';
import type { ProjectionChanges, ProjectionDefinition, StoredValues, TopicRecord } from '@tidemark/service';

/** States kept in memory; beyond it those that were not touched for longest are read from their rows again. */
const STATES_MAX = 20_000;
/** Ids kept so that new experiments are not looked for in the rows; some 100 bytes each. */
const KNOWN_MAX = 200_000;

export class MetadataProjection implements ProjectionDefinition {
  readonly name = METADATA_PROJECTION.name;
  readonly version = METADATA_PROJECTION.version;
  readonly topics = METADATA_TOPICS;
  readonly tables = Object.values(METADATA_TABLES);
  /** In order of their last use: a Map keeps insertion order. */
  readonly #states = new Map<string, ExperimentState>();
  /** Every experiment that has a row, as long as they are few and were all seen coming. */
  #known: Set<string> | undefined;

  forget(rows: 'kept' | 'none'): void {
    this.#states.clear();
    this.#known = rows === 'none' ? new Set() : undefined;
  }

  async fold(records: readonly TopicRecord[], stored: StoredValues): Promise<ProjectionChanges> {
    const understood = understand(records);
    const ids = experimentIdsOf(understood);
    await this.#load(ids, stored);
    const changes = foldBatch(understood, this.#states);
    this.#remember(ids);
    this.#trim(ids);
    return changes;
  }

  async #load(ids: readonly string[], stored: StoredValues): Promise<void> {
    const known = this.#known;
    const missing = ids.filter((id) => !this.#states.has(id) && (known === undefined || known.has(id)));
    for (const [id, state] of await stored.jsonByKey('experiments', 'state', missing)) {
      // Our own rows, under our own version: what was written is what is read.
      this.#states.set(id, state as ExperimentState);
    }
  }

  #remember(ids: readonly string[]): void {
    for (const id of ids) this.#known?.add(id);
    if ((this.#known?.size ?? 0) > KNOWN_MAX) this.#known = undefined;
  }

  /** An ended experiment will hardly be heard of again. */
  #trim(used: readonly string[]): void {
    for (const id of used) {
      const state = this.#states.get(id);
      this.#states.delete(id);
      if (state !== undefined && !isTerminal(state.status)) this.#states.set(id, state);
    }
    for (const id of this.#states.keys()) {
      if (this.#states.size <= STATES_MAX) return;
      this.#states.delete(id);
    }
  }
}

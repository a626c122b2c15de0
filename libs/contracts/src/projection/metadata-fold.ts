/**
 * The metadata projection's whole logic: records in, changed rows out. Used by the Metadata Server (which keeps states
 * in its database and rows in SQL) and by the CLI (which keeps both in memory and compares the hash). The caller says
 * where states are kept; `states` must hold, before a batch is folded, every state that it concerns and that exists.
 */
import { type CatalogMessage, isCatalogMessage, isUnderItsKey } from '../catalog/catalog-fold.js';
import { decode, type RawRecord } from '../envelope/envelope.js';
import { foldExperiment, type HistoryMessage, isHistoryMessage } from '../experiment/evolve.js';
import type { ExperimentState } from '../experiment/state.js';
import { dataProductIdOf, EXPERIMENT_ID_PATTERN } from '../ids.js';
import { CATALOG_TOPIC, EXPERIMENTS_TOPIC } from '../topics.js';
import {
  applicationRow,
  eventRow,
  experimentRow,
  jobRow,
  outputRow,
  processRow,
  uploadRow,
} from './projection-rows.js';
import { storable } from './storable.js';
import { METADATA_TABLES, type MetadataTable, type Row, rowKey } from './tables.js';

/** The topics whose records the projection folds. */
export const METADATA_TOPICS = [CATALOG_TOPIC, EXPERIMENTS_TOPIC] as const;
/** Changes when the rows that follow from the same records do. */
export const METADATA_PROJECTION = { name: 'metadata', version: 1 } as const;

export interface ProjectedRecord extends RawRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** Rows to insert or replace, by table and row key. */
export type RowChanges = Map<MetadataTable, Map<string, Row>>;

export interface UnderstoodRecord {
  readonly message: HistoryMessage | CatalogMessage;
  readonly record: ProjectedRecord;
}

/** The records of a batch that say something, in order. What nobody can understand, or under a wrong key, says nothing. */
export function understand(records: readonly ProjectedRecord[]): UnderstoodRecord[] {
  const understood: UnderstoodRecord[] = [];
  for (const record of records) {
    const decoded = decode(record);
    if (decoded.kind !== 'message') continue;
    const { message } = decoded;
    if (record.topic === EXPERIMENTS_TOPIC && isHistoryMessage(message)) {
      if (EXPERIMENT_ID_PATTERN.test(message.key))
        understood.push({ message: storable(message, record.value), record });
    } else if (record.topic === CATALOG_TOPIC && isCatalogMessage(message)) {
      if (isUnderItsKey(message)) understood.push({ message: storable(message, record.value), record });
    }
  }
  return understood;
}

/** Ids of the experiments that a batch concerns, each once. */
export function experimentIdsOf(records: readonly UnderstoodRecord[]): string[] {
  const ids = new Set<string>();
  for (const { message } of records) if (isHistoryMessage(message)) ids.add(message.key);
  return [...ids];
}

/** Folds the records in order into `states` (updated in place) and answers what rows have changed. */
export function foldBatch(
  records: readonly UnderstoodRecord[],
  states: Map<string, ExperimentState>,
): RowChanges {
  const changes: RowChanges = new Map();
  const changed = new Map<string, number>();
  for (const { message, record } of records) {
    if (isHistoryMessage(message)) {
      if (foldHistory(message, record, states, changes)) changed.set(message.key, record.partition);
    } else {
      foldCatalogRow(message, changes);
    }
  }
  for (const [id, partition] of changed) {
    const state = states.get(id);
    if (state !== undefined) putExperiment(state, partition, changes);
  }
  return changes;
}

function foldHistory(
  message: HistoryMessage,
  record: ProjectedRecord,
  states: Map<string, ExperimentState>,
  changes: RowChanges,
): boolean {
  const { state, outcome } = foldExperiment(states.get(message.key), message, record);
  put(changes, 'events', eventRow(message, record, outcome));
  if (outcome !== 'applied' || state === undefined) return false;
  states.set(message.key, state);
  if (message.type === 'OutputStaged' && isItsOwn(message.payload, state.gateway, state.id)) {
    put(changes, 'data_products', outputRow(state, message.payload, message.time));
  }
  return true;
}

/**
 * An id that does not follow from the product is not believed: two partitions could claim it, and then the rows would
 * depend on which was read first.
 */
function isItsOwn(
  product: { readonly dataProductId: string; readonly name: string; readonly sha256: string },
  gateway: string,
  experimentId?: string,
): boolean {
  const { dataProductId, name, sha256 } = product;
  return dataProductId === dataProductIdOf({ gateway, experimentId, name, sha256 });
}

function foldCatalogRow(message: CatalogMessage, changes: RowChanges): void {
  if (message.type === 'ApplicationRegistered') put(changes, 'applications', applicationRow(message));
  else if (
    isItsOwn(
      { ...message.payload.dataProduct, dataProductId: message.payload.dataProduct.id },
      message.gateway,
    )
  ) {
    put(changes, 'data_products', uploadRow(message));
  }
}

function putExperiment(state: ExperimentState, partition: number, changes: RowChanges): void {
  put(changes, 'experiments', experimentRow(state, partition));
  for (const process of state.processes) {
    put(changes, 'processes', processRow(state.id, process));
    for (const job of process.jobs) put(changes, 'jobs', jobRow(state.id, process.index, job));
  }
}

function put(changes: RowChanges, table: MetadataTable, row: Row): void {
  let rows = changes.get(table);
  if (rows === undefined) {
    rows = new Map();
    changes.set(table, rows);
  }
  rows.set(rowKey(METADATA_TABLES[table], row), row);
}

/** The whole projection in memory: a fresh fold, for comparing and for small tools. */
export class MetadataFold {
  readonly #states = new Map<string, ExperimentState>();
  readonly #tables = new Map<MetadataTable, Map<string, Row>>();

  /** Records of one partition in offset order; partitions in any order. */
  apply(records: readonly ProjectedRecord[]): void {
    const changes = foldBatch(understand(records), this.#states);
    for (const [table, rows] of changes) {
      let all = this.#tables.get(table);
      if (all === undefined) {
        all = new Map();
        this.#tables.set(table, all);
      }
      for (const [key, row] of rows) all.set(key, row);
    }
  }

  rows(table: MetadataTable): Row[] {
    return [...(this.#tables.get(table)?.values() ?? [])];
  }

  get rowCount(): number {
    let count = 0;
    for (const rows of this.#tables.values()) count += rows.size;
    return count;
  }
}

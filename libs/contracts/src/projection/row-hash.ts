/**
 * One hash over everything a projection holds: sha256 over its tables in order of their names, each as its rows in
 * order of their keys, each row as canonical JSON of its columns in order. Two databases, or a database and a fresh
 * fold, with the same hash hold the same.
 */
import { createHash, type Hash } from 'node:crypto';
import { canonicalJson } from '../canonical-json.js';
import type { MetadataFold } from './metadata-fold.js';
import { METADATA_TABLES, type MetadataTable, type Row, type TableDefinition } from './tables.js';

export const METADATA_TABLE_ORDER = (Object.keys(METADATA_TABLES) as MetadataTable[]).sort();

/** Takes rows table by table, in key order, and answers the hash; for readers that cannot hold all rows at once. */
export class RowHasher {
  readonly #hash: Hash = createHash('sha256');

  beginTable(table: TableDefinition): void {
    this.#hash.update(`${table.name}\n`);
  }

  row(table: TableDefinition, row: Row): void {
    const values = Object.keys(table.columns).map((column) => row[column] ?? null);
    this.#hash.update(canonicalJson(values));
    this.#hash.update('\n');
  }

  digest(): string {
    return this.#hash.digest('hex');
  }
}

/** Orders as the database does by key columns: numbers by value, texts by code point (collation "C"). */
export function compareRows(table: TableDefinition, left: Row, right: Row): number {
  for (const column of table.key) {
    const a = left[column];
    const b = right[column];
    const order = typeof a === 'number' && typeof b === 'number' ? a - b : compareTexts(String(a), String(b));
    if (order !== 0) return order;
  }
  return 0;
}

function compareTexts(left: string, right: string): number {
  return left === right ? 0 : Buffer.compare(Buffer.from(left), Buffer.from(right));
}

export function hashOfFold(fold: MetadataFold): string {
  const hasher = new RowHasher();
  for (const name of METADATA_TABLE_ORDER) {
    const table = METADATA_TABLES[name];
    hasher.beginTable(table);
    for (const row of fold.rows(name).sort((left, right) => compareRows(table, left, right))) {
      hasher.row(table, row);
    }
  }
  return hasher.digest();
}

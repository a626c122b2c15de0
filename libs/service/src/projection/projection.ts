/**
 * What a projection is: a pure fold of some topics into rows of some tables. A definition says which, and the runner
 * does the rest: reading every partition, writing rows and positions in one transaction, rebuilding.
 */
import type { ProjectionRow, TableDefinition } from '@tidemark/contracts';
import type { TopicRecord } from '../topics/topics.js';

/** Rows to insert or replace, by table name and row key. */
export type ProjectionChanges = ReadonlyMap<string, ReadonlyMap<string, ProjectionRow>>;

/** Reads what earlier batches have left in the database, so that a fold can go on from it. */
export interface StoredValues {
  /** `column` of the rows whose first key column is one of `keys`; keys that are not there are left out. */
  jsonByKey(table: string, column: string, keys: readonly string[]): Promise<ReadonlyMap<string, unknown>>;
}

export interface ProjectionDefinition {
  readonly name: string;
  /** Another version than the one in the database: everything is dropped and built anew. */
  readonly version: number;
  readonly topics: readonly string[];
  readonly tables: readonly TableDefinition[];
  /**
   * Folds records (of several partitions; each in offset order) on top of what `stored` and the definition's own memory
   * hold. Reads no clock and draws no random numbers: the same records give the same rows, however they are batched.
   */
  fold(records: readonly TopicRecord[], stored: StoredValues): Promise<ProjectionChanges>;
  /**
   * Forgets its memory of earlier batches; called before the first `fold`, and again when a write failed or the database
   * was emptied. `none`: there are no rows, so that what `fold` has not seen since is not in the database.
   */
  forget(rows: 'kept' | 'none'): void;
}

/** Makes the tables; the definition's owner knows how (migrations). */
export interface ProjectionSchema {
  /** Brings an existing database to the present schema. Idempotent. */
  migrate(databaseUrl: string): Promise<void>;
  /** Lets go of every connection of its own before the database is dropped. */
  release(): Promise<void>;
}

/** `building`: not yet as far as the log was when it began. `failed`: the database cannot be written; being retried. */
export type ProjectionState = 'building' | 'live' | 'failed';

export interface ProjectionStatus {
  readonly projection: string;
  readonly version: number;
  readonly state: ProjectionState;
  /** Why it is `failed`. */
  readonly error?: string;
  readonly position: string;
  /** Records known to exist and not yet in the rows. */
  readonly lag: number;
  /** While building: records done and to do, by offsets. */
  readonly progress: { readonly done: number; readonly of: number };
}

/** What a database holds, at one position. */
export interface ProjectionDigest {
  readonly position: string;
  readonly rows: number;
  readonly hash: string;
}

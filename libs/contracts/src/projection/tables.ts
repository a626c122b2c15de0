/**
 * The tables of the metadata projection, as data: what the projection writes, the migrations create, the queries read
 * and the hash goes over. Every column's content follows from the log alone: no surrogate ids, no times of writing.
 */

/** PostgreSQL's name of the type; `timestamptz` travels as text such as `2026-01-31T12:00:00.000Z`. */
export type ColumnType = 'text' | 'integer' | 'bigint' | 'boolean' | 'jsonb' | 'timestamptz';

export interface TableDefinition {
  readonly name: string;
  /** Column names of the primary key, in order. */
  readonly key: readonly string[];
  readonly columns: Readonly<Record<string, { readonly type: ColumnType; readonly nullable?: true }>>;
}

const text = { type: 'text' } as const;
const textOrNull = { type: 'text', nullable: true } as const;
const integer = { type: 'integer' } as const;
const integerOrNull = { type: 'integer', nullable: true } as const;
const bigint = { type: 'bigint' } as const;
const boolean = { type: 'boolean' } as const;
const jsonb = { type: 'jsonb' } as const;
const time = { type: 'timestamptz' } as const;
const timeOrNull = { type: 'timestamptz', nullable: true } as const;

export const METADATA_TABLES = {
  experiments: {
    name: 'experiments',
    key: ['id'],
    columns: {
      id: text,
      gateway: text,
      owner: text,
      name: text,
      application_name: text,
      application_version: textOrNull,
      status: text,
      reason_code: textOrNull,
      exit_code: integerOrNull,
      created_at: time,
      updated_at: time,
      ended_at: timeOrNull,
      partition: integer,
      revision: bigint,
      /** The whole folded state: a restarted projection goes on from it. */
      state: jsonb,
    },
  },
  processes: {
    name: 'processes',
    key: ['experiment_id', 'process_index'],
    columns: {
      experiment_id: text,
      process_index: integer,
      status: text,
      owner: textOrNull,
      reason_code: textOrNull,
      attempts: integer,
    },
  },
  jobs: {
    name: 'jobs',
    key: ['experiment_id', 'process_index', 'attempt'],
    columns: {
      experiment_id: text,
      process_index: integer,
      attempt: integer,
      token: text,
      status: text,
      host: textOrNull,
      started_at: timeOrNull,
      ended_at: timeOrNull,
      exit_code: integerOrNull,
      signal: integerOrNull,
      reason_code: textOrNull,
    },
  },
  events: {
    name: 'events',
    key: ['partition', 'record_offset'],
    columns: {
      partition: integer,
      record_offset: bigint,
      experiment_id: text,
      id: text,
      type: text,
      version: integer,
      time: time,
      actor: text,
      cause: textOrNull,
      applied: boolean,
      payload: jsonb,
    },
  },
  applications: {
    name: 'applications',
    key: ['key'],
    columns: {
      /** The catalog's key: `application/NAME` for the latest version, `application/NAME@VERSION` for older ones. */
      key: text,
      gateway: text,
      name: text,
      version: text,
      latest: boolean,
      sha256: text,
      versions: jsonb,
      definition: jsonb,
      registered_at: time,
    },
  },
  data_products: {
    name: 'data_products',
    key: ['id'],
    columns: {
      id: text,
      gateway: text,
      name: text,
      sha256: text,
      bytes: bigint,
      content_type: text,
      experiment_id: textOrNull,
      created_at: time,
    },
  },
} as const satisfies Record<string, TableDefinition>;

export type MetadataTable = keyof typeof METADATA_TABLES;

interface ColumnContents {
  text: string;
  integer: number;
  bigint: number;
  boolean: boolean;
  jsonb: unknown;
  timestamptz: string;
}

type ContentOf<Column> = Column extends { type: infer Type extends ColumnType; nullable: true }
  ? ColumnContents[Type] | null
  : Column extends { type: infer Type extends ColumnType }
    ? ColumnContents[Type]
    : never;

export type MetadataRow<Table extends MetadataTable> = {
  readonly [Column in keyof (typeof METADATA_TABLES)[Table]['columns']]: ContentOf<
    (typeof METADATA_TABLES)[Table]['columns'][Column]
  >;
};

/** A row of any table. */
export type Row = Readonly<Record<string, unknown>>;

/** The row's place in its table, as text. */
export function rowKey(table: TableDefinition, row: Row): string {
  return JSON.stringify(table.key.map((column) => row[column]));
}

/**
 * What a projection's database holds, in one hash, with the position that it stands for: one snapshot on a connection
 * of its own, so that writing goes on meanwhile. Read in pages by key, never all at once.
 */
import pg from 'pg';
import { formatPosition, type ProjectionRow, RowHasher, type TableDefinition } from '@tidemark/contracts';
import type { ProjectionDefinition, ProjectionDigest } from './projection.js';
import { readPositions } from './projection-store.js';
import { quoteName } from './unnest-upsert.js';

const CONNECT_TIMEOUT_MS = 5_000;
const QUERY_TIMEOUT_MS = 60_000;
const PAGE_ROWS = 5_000;

/** Rejects with what the server, or the network, reports. */
export async function digestProjection(
  definition: ProjectionDefinition,
  databaseUrl: string,
): Promise<ProjectionDigest> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const position = formatPosition(await readPositions(client, definition));
    const hasher = new RowHasher();
    let rows = 0;
    for (const table of [...definition.tables].sort((a, b) => (a.name < b.name ? -1 : 1))) {
      hasher.beginTable(table);
      rows += await digestTable(client, table, hasher);
    }
    await client.query('COMMIT');
    return { position, rows, hash: hasher.digest() };
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** A page at a time, each after the last key of the one before. */
async function digestTable(client: pg.Client, table: TableDefinition, hasher: RowHasher): Promise<number> {
  const columns = Object.entries(table.columns).map(([name, { type }]) => selected(name, type));
  const key = table.key.map((name) => ordered(table, name)).join(', ');
  const select = `SELECT ${columns.join(', ')} FROM ${quoteName(table.name)}`;
  let after: unknown[] = [];
  let count = 0;
  for (;;) {
    const marks = after.map((_, index) => `$${index + 1}`).join(', ');
    const where = after.length === 0 ? '' : ` WHERE (${key}) > (${marks})`;
    const { rows } = await client.query<Record<string, unknown>>(
      `${select}${where} ORDER BY ${key} LIMIT ${PAGE_ROWS}`,
      after,
    );
    for (const row of rows) hasher.row(table, readRow(table, row));
    count += rows.length;
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE_ROWS) return count;
    after = table.key.map((column) => last[column]);
  }
}

/** Texts in code point order, as everybody else sorts them, whatever the database's language. */
function ordered(table: TableDefinition, name: string): string {
  return table.columns[name]?.type === 'text' ? `${quoteName(name)} COLLATE "C"` : quoteName(name);
}

/** Times as the log spells them, whatever the session's time zone. */
function selected(name: string, type: string): string {
  const column = quoteName(name);
  if (type !== 'timestamptz') return column;
  return `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS ${column}`;
}

/** The driver gives 64-bit integers as text. */
function readRow(table: TableDefinition, row: Readonly<Record<string, unknown>>): ProjectionRow {
  const read: Record<string, unknown> = {};
  for (const [name, { type }] of Object.entries(table.columns)) {
    const value = row[name];
    read[name] = type === 'bigint' && typeof value === 'string' ? Number(value) : value;
  }
  return read;
}

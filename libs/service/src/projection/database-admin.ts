/**
 * Makes and drops the database that a projection lives in, from the server's maintenance database. A projection's
 * database is a cache of the log: losing it costs a rebuild, so it is made whenever it is missing.
 */
import pg from 'pg';
import { quoteName } from './unnest-upsert.js';

const CONNECT_TIMEOUT_MS = 5_000;
const MAINTENANCE_DATABASE = 'postgres';
const DUPLICATE_DATABASE = '42P04';
/** Two creations at once: the catalog's unique index speaks before the check does. */
const UNIQUE_VIOLATION = '23505';

export function errorCodeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

function databaseNameOf(url: string): string {
  return decodeURIComponent(new URL(url).pathname.slice(1));
}

async function onMaintenance(url: string, run: (client: pg.Client) => Promise<void>): Promise<void> {
  const maintenance = new URL(url);
  maintenance.pathname = `/${MAINTENANCE_DATABASE}`;
  const client = new pg.Client({
    connectionString: maintenance.toString(),
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  // A connection that breaks while idle says so here; the query that notices reports it to its caller.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await run(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Does nothing when it is there. Rejects with what the server reports. */
export async function createDatabase(url: string): Promise<void> {
  await onMaintenance(url, async (client) => {
    const name = databaseNameOf(url);
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (found.rowCount !== 0) return;
    try {
      await client.query(`CREATE DATABASE ${quoteName(name)}`);
    } catch (error) {
      const code = errorCodeOf(error);
      if (code !== DUPLICATE_DATABASE && code !== UNIQUE_VIOLATION) throw error;
    }
  });
}

/** Ends every session in it. Does nothing when it is not there. */
export async function dropDatabase(url: string): Promise<void> {
  await onMaintenance(url, async (client) => {
    await client.query(`DROP DATABASE IF EXISTS ${quoteName(databaseNameOf(url))} WITH (FORCE)`);
  });
}

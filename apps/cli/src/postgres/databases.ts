/**
 * Talking to the running cluster: is it there, and has each Metadata Server replica its database. Opens a
 * connection per call and closes it.
 */
import pg from 'pg';
import { LOOPBACK } from '../stack/ports.js';
import { SUPERUSER } from './cluster.js';

export interface ClusterAddress {
  readonly port: number;
  readonly password: string;
}

const CONNECT_BOUND_MS = 2_000;

/** `metadata-server-1` -> `metadata_server_1`. */
export const databaseNameOf = (replica: string): string => replica.replaceAll('-', '_');

export function databaseUrl(address: ClusterAddress, replica: string): string {
  return `postgres://${SUPERUSER}:${address.password}@${LOOPBACK}:${address.port}/${databaseNameOf(replica)}`;
}

/** Creates those databases that are missing. Rejects while the server does not take connections. */
export async function ensureDatabases(address: ClusterAddress, replicas: readonly string[]): Promise<void> {
  const client = new pg.Client({
    host: LOOPBACK,
    port: address.port,
    user: SUPERUSER,
    password: address.password,
    database: 'postgres',
    connectionTimeoutMillis: CONNECT_BOUND_MS,
  });
  // A server that goes away in between fails the query under way; the event itself tells nothing more.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const present = await client.query<{ datname: string }>('SELECT datname FROM pg_database');
    const names = new Set(present.rows.map((row) => row.datname));
    for (const name of replicas.map(databaseNameOf)) {
      if (!names.has(name)) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
    }
  } finally {
    await client.end().catch(() => undefined);
  }
}

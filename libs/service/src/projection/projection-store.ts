/**
 * The database side of a projection: one connection that writes rows and the consumed positions in one transaction,
 * so that each record has its effect exactly once however often it is delivered. Owned by the runner, which opens it,
 * throws it away when anything fails, and opens another. Holds no state but the connection and whose turn on it is.
 *
 * What must hold: a value is read after every write that was begun before it; what follows a failure fails with it.
 */
import pg from 'pg';
import { partitionKey } from '@tidemark/contracts';
import { createDatabase } from './database-admin.js';
import type {
  ProjectionChanges,
  ProjectionDefinition,
  ProjectionSchema,
  StoredValues,
} from './projection.js';
import { quoteName, upsertStatements } from './unnest-upsert.js';

const CONNECT_TIMEOUT_MS = 5_000;
/** A statement that takes longer is given up together with its connection; the batch is tried again. */
const STATEMENT_TIMEOUT_MS = 60_000;

const POSITIONS = 'projection_positions';
const CREATE_POSITIONS =
  `CREATE TABLE IF NOT EXISTS ${POSITIONS} (projection text NOT NULL, version int NOT NULL, topic text NOT NULL, ` +
  'partition int NOT NULL, next_offset bigint NOT NULL, PRIMARY KEY (projection, topic, partition))';
const WRITE_POSITIONS =
  `INSERT INTO ${POSITIONS} (projection, version, topic, partition, next_offset) ` +
  'SELECT $1, $2, * FROM unnest($3::text[], $4::int[], $5::bigint[]) ' +
  'ON CONFLICT (projection, topic, partition) DO UPDATE SET version = excluded.version, next_offset = excluded.next_offset';

export interface WrittenPosition {
  readonly topic: string;
  readonly partition: number;
  /** Behind the last record whose effect is in the rows. */
  readonly next: number;
}

/** How far the rows are that this connection sees. */
export async function readPositions(
  client: pg.Client,
  definition: ProjectionDefinition,
): Promise<Map<string, number>> {
  const { rows } = await client.query<{ topic: string; partition: number; next_offset: string }>(
    `SELECT topic, partition, next_offset FROM ${POSITIONS} WHERE projection = $1 AND version = $2`,
    [definition.name, definition.version],
  );
  return new Map(
    rows.map((row) => [partitionKey(row.topic, row.partition), Number(row.next_offset)] as const),
  );
}

export class ProjectionStore implements StoredValues {
  readonly #definition: ProjectionDefinition;
  readonly #client: pg.Client;
  /** What was asked of the connection last. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(definition: ProjectionDefinition, client: pg.Client) {
    this.#definition = definition;
    this.#client = client;
  }

  /** Makes database and tables where they are missing. Rejects with what the server, or the network, reports. */
  static async open(
    definition: ProjectionDefinition,
    schema: ProjectionSchema,
    databaseUrl: string,
  ): Promise<ProjectionStore> {
    await createDatabase(databaseUrl);
    await schema.migrate(databaseUrl);
    const client = new pg.Client({
      connectionString: databaseUrl,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: STATEMENT_TIMEOUT_MS,
    });
    client.on('error', () => undefined);
    await client.connect();
    const store = new ProjectionStore(definition, client);
    try {
      // What a crash of the server takes away is read from the log again: there is nothing to wait for.
      await client.query('SET synchronous_commit = off');
      // A plan kept from when a table was small reads all of it, however large it grows.
      await client.query('SET plan_cache_mode = force_custom_plan');
      await client.query(CREATE_POSITIONS);
      await store.#dropOtherVersions();
    } catch (error) {
      await store.close();
      throw error;
    }
    return store;
  }

  async close(): Promise<void> {
    await this.#client.end().catch(() => undefined);
  }

  /** How far the rows are. */
  positions(): Promise<Map<string, number>> {
    return readPositions(this.#client, this.#definition);
  }

  /** Rows and positions together, or neither. When it rejects, the connection must not be used any more. */
  write(changes: ProjectionChanges, positions: readonly WrittenPosition[]): Promise<void> {
    return this.#inTurn(async () => {
      const client = this.#client;
      await client.query('BEGIN');
      for (const table of this.#definition.tables) {
        const rows = changes.get(table.name);
        if (rows === undefined) continue;
        for (const { text, values } of upsertStatements(table, rows.values())) {
          await client.query({ name: `upsert-${table.name}`, text, values: [...values] });
        }
      }
      await client.query(WRITE_POSITIONS, [
        this.#definition.name,
        this.#definition.version,
        positions.map(({ topic }) => topic),
        positions.map(({ partition }) => partition),
        positions.map(({ next }) => next),
      ]);
      await client.query('COMMIT');
    });
  }

  async jsonByKey(table: string, column: string, keys: readonly string[]): Promise<Map<string, unknown>> {
    const found = new Map<string, unknown>();
    const definition = this.#definition.tables.find(({ name }) => name === table);
    const key = definition?.key[0];
    if (key === undefined || keys.length === 0) return found;
    const { rows } = await this.#inTurn(() =>
      this.#client.query<{ key: string; value: unknown }>({
        name: `json-${table}-${column}`,
        text: `SELECT ${quoteName(key)} AS key, ${quoteName(column)} AS value FROM ${quoteName(table)} WHERE ${quoteName(key)} = ANY($1::text[])`,
        values: [keys],
      }),
    );
    for (const row of rows) found.set(row.key, row.value);
    return found;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn;
    return turn;
  }

  /** Empties everything: the projection stands at the beginning. */
  async reset(): Promise<void> {
    const tables = this.#definition.tables.map(({ name }) => quoteName(name)).join(', ');
    await this.#client.query('BEGIN');
    await this.#client.query(`TRUNCATE ${tables}`);
    await this.#client.query(`DELETE FROM ${POSITIONS} WHERE projection = $1`, [this.#definition.name]);
    await this.#client.query('COMMIT');
  }

  /** Another version's rows are of no use to this one. */
  async #dropOtherVersions(): Promise<void> {
    const { rowCount } = await this.#client.query(
      `SELECT 1 FROM ${POSITIONS} WHERE projection = $1 AND version <> $2 LIMIT 1`,
      [this.#definition.name, this.#definition.version],
    );
    if (rowCount !== 0) await this.reset();
  }
}

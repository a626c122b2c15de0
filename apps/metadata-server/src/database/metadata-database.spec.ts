/**
 * Holds three descriptions of the same tables together: the definitions that rows are written by, the migration that
 * makes them, and the entities that they are read by.
 */
import { METADATA_TABLES, type TableDefinition } from '@tidemark/contracts';
import { createDatabase } from '@tidemark/service';
import { startTestPostgres, type TestPostgres } from '@tidemark/service/testing';
import { MetadataDatabase } from './metadata-database.js';

const SQL_NAMES: Readonly<Record<string, string>> = { timestamptz: 'timestamp with time zone' };

let postgres: TestPostgres;
let url: string;
const database = new MetadataDatabase();

beforeAll(async () => {
  postgres = await startTestPostgres();
  url = postgres.url('metadata');
  await createDatabase(url);
  await database.migrate(url);
}, 60_000);
afterAll(async () => {
  await database.release();
  await postgres.stop();
});

const query = async (text: string, values: readonly unknown[] = []): Promise<Record<string, unknown>[]> => {
  const rows: unknown = await database.source?.query(text, [...values]);
  return rows as Record<string, unknown>[];
};

describe.each(Object.values(METADATA_TABLES))('the table $name', (definition: TableDefinition) => {
  it('is made as it is written', async () => {
    const columns = await query(
      'SELECT column_name, data_type, is_nullable, collation_name FROM information_schema.columns WHERE table_name = $1',
      [definition.name],
    );
    const found = Object.fromEntries(
      columns.map((column) => [
        column.column_name,
        { type: column.data_type, nullable: column.is_nullable === 'YES' },
      ]),
    );
    const expected = Object.fromEntries(
      Object.entries(definition.columns).map(([name, { type, nullable }]) => [
        name,
        { type: SQL_NAMES[type] ?? type, nullable: nullable === true },
      ]),
    );
    expect(found).toEqual(expected);
    const keys = await query(
      `SELECT a.attname AS name FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
       WHERE i.indrelid = $1::regclass AND i.indisprimary ORDER BY array_position(i.indkey::int2[], a.attnum)`,
      [definition.name],
    );
    expect(keys.map(({ name }) => name)).toEqual(definition.key);
    for (const column of columns) {
      const name = String(column.column_name);
      if (!definition.key.includes(name) || definition.columns[name]?.type !== 'text') continue;
      expect(column.collation_name).toBe('C');
    }
  });

  it('is read as it is written', () => {
    const entity = database.source?.entityMetadatas.find(({ tableName }) => tableName === definition.name);
    const found = Object.fromEntries(
      (entity?.columns ?? []).map((column) => [column.databaseName, { nullable: column.isNullable }]),
    );
    const expected = Object.fromEntries(
      Object.entries(definition.columns).map(([name, { nullable }]) => [
        name,
        { nullable: nullable === true },
      ]),
    );
    expect(found).toEqual(expected);
    expect(entity?.primaryColumns.map(({ databaseName }) => databaseName)).toEqual(definition.key);
  });
});

describe('migrating', () => {
  it('does nothing the second time, and undoes itself', async () => {
    await database.migrate(url);
    await database.source?.undoLastMigration();
    const left = await query(
      "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'",
    );
    expect(left.map((row) => row.table_name)).toEqual(['migrations']);
    await database.migrate(url);
    expect(await query('SELECT count(*)::int AS count FROM experiments')).toEqual([{ count: 0 }]);
  });

  it('has nothing to read from once it was released', async () => {
    await database.release();
    expect(database.source).toBeUndefined();
    await database.release();
    await database.migrate(url);
    expect(database.source).toBeDefined();
  });
});

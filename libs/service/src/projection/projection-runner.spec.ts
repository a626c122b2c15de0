/** A projection between memory topics and a real PostgreSQL: each record's effect once, whatever dies in between. */
import pg from 'pg';
import { partitionKey, type TableDefinition } from '@tidemark/contracts';
import { nodeClock } from '@tidemark/platform/node';
import { silentLogger } from '../hosting/logger.js';
import { MemoryLog } from '../memory/memory-log.js';
import { MemoryTopics } from '../memory/memory-topics.js';
import { startTestPostgres, type TestPostgres } from '../testing/test-postgres.js';
import type { TopicRecord } from '../topics/topics.js';
import type { ProjectionDefinition, ProjectionSchema, StoredValues } from './projection.js';
import { ProjectionRunner } from './projection-runner.js';

const TOPIC = 'tidemark.spec';
const PARTITIONS = 3;

const ACCOUNTS: TableDefinition = {
  name: 'accounts',
  key: ['name'],
  columns: { name: { type: 'text' }, total: { type: 'bigint' }, history: { type: 'jsonb' } },
};
const ENTRIES: TableDefinition = {
  name: 'entries',
  key: ['partition', 'record_offset'],
  columns: {
    partition: { type: 'integer' },
    record_offset: { type: 'bigint' },
    at: { type: 'timestamptz' },
    note: { type: 'text', nullable: true },
  },
};

/** Adds amounts to accounts: applying a record twice, or not at all, shows in the total. */
class Accounts implements ProjectionDefinition {
  readonly name = 'accounts';
  readonly topics = [TOPIC];
  readonly tables = [ACCOUNTS, ENTRIES];
  readonly #memory = new Map<string, number[]>();
  folds = 0;

  constructor(readonly version = 1) {}

  forget(): void {
    this.#memory.clear();
  }

  async fold(records: readonly TopicRecord[], stored: StoredValues) {
    this.folds += 1;
    const names = [...new Set(records.map(({ key }) => key ?? ''))];
    const missing = names.filter((name) => !this.#memory.has(name));
    const found = await stored.jsonByKey('accounts', 'history', missing);
    for (const name of missing) this.#memory.set(name, (found.get(name) as number[] | undefined) ?? []);
    const accounts = new Map<string, Record<string, unknown>>();
    const entries = new Map<string, Record<string, unknown>>();
    for (const { key, value, partition, offset } of records) {
      const name = key ?? '';
      const history = this.#memory.get(name) ?? [];
      history.push(Number(value?.toString()));
      accounts.set(name, {
        name,
        total: history.reduce((sum, amount) => sum + amount, 0),
        history: [...history],
      });
      entries.set(`${partition}/${offset}`, {
        partition,
        record_offset: offset,
        at: '2026-01-31T12:00:00.007Z',
        note: offset % 2 === 0 ? null : 'odd "quoted" {note}, \\ too',
      });
    }
    return new Map([
      ['accounts', accounts],
      ['entries', entries],
    ]);
  }
}

const schema: ProjectionSchema = {
  migrate: async (url) => {
    await query(
      url,
      'CREATE TABLE IF NOT EXISTS accounts (name text PRIMARY KEY, total bigint NOT NULL, history jsonb NOT NULL)',
    );
    await query(
      url,
      'CREATE TABLE IF NOT EXISTS entries (partition int, record_offset bigint, at timestamptz, note text, PRIMARY KEY (partition, record_offset))',
    );
  },
  release: () => Promise.resolve(),
};

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

let postgres: TestPostgres;
let databases = 0;

beforeAll(async () => {
  postgres = await startTestPostgres();
}, 60_000);
afterAll(async () => {
  await postgres.stop();
});

describe('a projection', () => {
  let log: MemoryLog;
  let topics: MemoryTopics;
  let url: string;
  let written: Map<string, number>;
  const runners: ProjectionRunner[] = [];

  const newRunner = (
    definition: ProjectionDefinition = new Accounts(),
    databaseUrl = url,
  ): ProjectionRunner => {
    const runner = new ProjectionRunner({
      topics,
      clock: nodeClock,
      logger: silentLogger,
      definition,
      schema,
      databaseUrl,
    });
    runners.push(runner);
    return runner;
  };
  const publish = async (count: number): Promise<void> => {
    const records = Array.from({ length: count }, (_, index) => ({
      key: `account-${index % 17}`,
      value: String(index + 1),
    }));
    for (const { partition, offset } of await topics.publish(TOPIC, records)) {
      written.set(partitionKey(TOPIC, partition), offset + 1);
    }
  };
  const caughtUp = async (runner: ProjectionRunner): Promise<void> => {
    expect(await runner.waitFor(written, 20_000)).toBe('reached');
    await until(() => runner.state === 'live', 'live');
  };
  /** What a fresh projection of the same log holds. */
  const freshHash = async (): Promise<string> => {
    databases += 1;
    const runner = newRunner(new Accounts(), postgres.url(`fresh_${databases}`));
    runner.start();
    await caughtUp(runner);
    return (await runner.digest()).hash;
  };

  beforeEach(async () => {
    databases += 1;
    url = postgres.url(`spec_${databases}`);
    log = new MemoryLog();
    topics = new MemoryTopics({ log, clock: nodeClock, replica: 'metadata-server-1' });
    written = new Map();
    await topics.ensure([{ name: TOPIC, partitions: PARTITIONS }]);
  });
  afterEach(async () => {
    for (const runner of runners.splice(0)) await runner.close();
    await topics.close();
  });

  it('makes its database, catches up, follows, and says where it is', async () => {
    await publish(500);
    const runner = newRunner();
    expect(runner.state).toBe('building');
    runner.start();
    await caughtUp(runner);
    await publish(100);
    await caughtUp(runner);
    const [row] = await query(
      url,
      'SELECT sum(total)::int AS total, count(*)::int AS accounts FROM accounts',
    );
    expect(row).toEqual({ total: (500 * 501) / 2 + (100 * 101) / 2, accounts: 17 });
    expect(runner.status()).toMatchObject({ projection: 'accounts', version: 1, state: 'live', lag: 0 });
    expect(runner.status().position.split(',')).toHaveLength(PARTITIONS);
    const digest = await runner.digest();
    expect(digest).toMatchObject({ rows: 617, position: runner.status().position });
    expect(digest.hash).toBe(await freshHash());
  });

  it('goes on after a restart from where the database is, without reading it all again', async () => {
    await publish(300);
    const first = newRunner();
    first.start();
    await caughtUp(first);
    await first.close();
    await publish(40);
    const definition = new Accounts();
    const second = newRunner(definition);
    second.start();
    await caughtUp(second);
    expect((await second.digest()).hash).toBe(await freshHash());
    const [row] = await query(url, 'SELECT count(*)::int AS entries FROM entries');
    expect(row).toEqual({ entries: 340 });
  });

  it('loses nothing when the database dies under it', async () => {
    const runner = newRunner();
    runner.start();
    await publish(50);
    await caughtUp(runner);
    await postgres.crash();
    await publish(200);
    await until(() => runner.state === 'failed', 'failed');
    expect(await runner.waitFor(written, 50)).toBe('timeout');
    await postgres.start();
    await caughtUp(runner);
    expect((await runner.digest()).hash).toBe(await freshHash());
  }, 60_000);

  it.each([
    ['dropped', 'DROP DATABASE %s WITH (FORCE)', 'postgres'],
    ['without a table', 'DROP TABLE entries', undefined],
    ['without its positions', 'DROP TABLE projection_positions', undefined],
    ['with a table of another shape', 'ALTER TABLE accounts DROP COLUMN total', undefined],
  ])(
    'is built anew when its database is found %s',
    async (_, statement, database) => {
      const runner = newRunner();
      runner.start();
      await publish(120);
      await caughtUp(runner);
      const name = new URL(url).pathname.slice(1);
      await query(database === undefined ? url : postgres.url(database), statement.replace('%s', name));
      await publish(30);
      await caughtUp(runner);
      expect((await runner.digest()).hash).toBe(await freshHash());
    },
    60_000,
  );

  it.each([false, true])(
    'rebuilds from the beginning (dropping the database: %s)',
    async (drop) => {
      const runner = newRunner();
      runner.start();
      await publish(150);
      await caughtUp(runner);
      const before = await runner.digest();
      await query(url, "UPDATE accounts SET total = total + 1 WHERE name = 'account-3'");
      await query(url, "INSERT INTO accounts VALUES ('nobody', 1, '[]')");
      expect(runner.rebuild({ dropDatabase: drop })).toBe(true);
      expect(runner.state).toBe('building');
      expect(runner.rebuild()).toBe(false);
      await publish(25);
      await caughtUp(runner);
      const after = await runner.digest();
      expect(after.hash).toBe(await freshHash());
      expect(after.hash).not.toBe(before.hash);
      expect(runner.status().progress.done).toBe(runner.status().progress.of);
    },
    60_000,
  );

  it('drops what another version has left', async () => {
    const first = newRunner();
    first.start();
    await publish(60);
    await caughtUp(first);
    await first.close();
    await query(url, "INSERT INTO accounts VALUES ('nobody', 1, '[]')");
    const second = newRunner(new Accounts(2));
    second.start();
    await caughtUp(second);
    expect((await second.digest()).hash).toBe(await freshHash());
  });

  it('passes over records that retention has taken', async () => {
    await publish(90);
    for (let partition = 0; partition < PARTITIONS; partition += 1) log.deleteBefore(TOPIC, partition, 5);
    const runner = newRunner();
    runner.start();
    await caughtUp(runner);
    const [row] = await query(
      url,
      'SELECT count(*)::int AS entries, min(record_offset)::int AS first FROM entries',
    );
    expect(row).toEqual({ entries: 75, first: 5 });
    for (let partition = 0; partition < PARTITIONS; partition += 1) log.deleteBefore(TOPIC, partition, 1_000);
    expect(runner.rebuild()).toBe(true);
    await until(() => runner.state === 'live', 'live with nothing left to read');
    expect((await runner.digest()).rows).toBe(0);
  });

  it('is built anew when the log is found shorter than it', async () => {
    await publish(80);
    const first = newRunner();
    first.start();
    await caughtUp(first);
    await first.close();
    log = new MemoryLog();
    topics = new MemoryTopics({ log, clock: nodeClock, replica: 'metadata-server-1' });
    written = new Map();
    await topics.ensure([{ name: TOPIC, partitions: PARTITIONS }]);
    await publish(7);
    const second = newRunner();
    second.start();
    await caughtUp(second);
    await until(async () => (await second.digest()).rows === 14, 'only what the new log holds');
    expect((await second.digest()).hash).toBe(await freshHash());
  });

  it('answers those who wait for what is not there in time, and ignores topics that it does not read', async () => {
    const runner = newRunner();
    runner.start();
    await until(() => runner.state === 'live', 'live');
    expect(await runner.waitFor(new Map([[partitionKey(TOPIC, 0), 1_000_000]]), 30)).toBe('timeout');
    expect(await runner.waitFor(new Map([[partitionKey('tidemark.other', 0), 1_000_000]]), 30)).toBe(
      'reached',
    );
    const waiting = runner.waitFor(new Map([[partitionKey(TOPIC, 2), 1]]), 20_000);
    await topics.publish(TOPIC, [{ key: 'account-1', value: '1', partition: 2 }]);
    expect(await waiting).toBe('reached');
  });
});

/**
 * The first schema. Texts that are keys or sorted by have the collation "C", so that every database orders them alike.
 */
import type { MigrationInterface, QueryRunner } from 'typeorm';

const UP = [
  `CREATE TABLE experiments (
    id text COLLATE "C" PRIMARY KEY,
    gateway text NOT NULL,
    owner text NOT NULL,
    name text NOT NULL,
    application_name text NOT NULL,
    application_version text,
    status text NOT NULL,
    reason_code text,
    exit_code int,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    ended_at timestamptz,
    partition int NOT NULL,
    revision bigint NOT NULL,
    state jsonb NOT NULL
  )`,
  'CREATE INDEX experiments_newest ON experiments (gateway, created_at DESC, id DESC)',
  `CREATE TABLE processes (
    experiment_id text COLLATE "C" NOT NULL,
    process_index int NOT NULL,
    status text NOT NULL,
    owner text,
    reason_code text,
    attempts int NOT NULL,
    PRIMARY KEY (experiment_id, process_index)
  )`,
  `CREATE TABLE jobs (
    experiment_id text COLLATE "C" NOT NULL,
    process_index int NOT NULL,
    attempt int NOT NULL,
    token text NOT NULL,
    status text NOT NULL,
    host text,
    started_at timestamptz,
    ended_at timestamptz,
    exit_code int,
    signal int,
    reason_code text,
    PRIMARY KEY (experiment_id, process_index, attempt)
  )`,
  `CREATE TABLE events (
    partition int NOT NULL,
    record_offset bigint NOT NULL,
    experiment_id text COLLATE "C" NOT NULL,
    id text NOT NULL,
    type text NOT NULL,
    version int NOT NULL,
    time timestamptz NOT NULL,
    actor text NOT NULL,
    cause text,
    applied boolean NOT NULL,
    payload jsonb NOT NULL,
    PRIMARY KEY (partition, record_offset)
  )`,
  'CREATE INDEX events_of_experiment ON events (experiment_id, record_offset)',
  `CREATE TABLE applications (
    key text COLLATE "C" PRIMARY KEY,
    gateway text NOT NULL,
    name text COLLATE "C" NOT NULL,
    version text NOT NULL,
    latest boolean NOT NULL,
    sha256 text NOT NULL,
    versions jsonb NOT NULL,
    definition jsonb NOT NULL,
    registered_at timestamptz NOT NULL
  )`,
  `CREATE TABLE data_products (
    id text COLLATE "C" PRIMARY KEY,
    gateway text NOT NULL,
    name text NOT NULL,
    sha256 text NOT NULL,
    bytes bigint NOT NULL,
    content_type text NOT NULL,
    experiment_id text COLLATE "C",
    created_at timestamptz NOT NULL
  )`,
];

/** TypeORM orders migrations by the number at the end of their names. */
export class CreateMetadata1780000000000 implements MigrationInterface {
  readonly name = 'CreateMetadata1780000000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['data_products', 'applications', 'events', 'jobs', 'processes', 'experiments']) {
      await runner.query(`DROP TABLE ${table}`);
    }
  }
}

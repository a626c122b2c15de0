/**
 * This replica's database as TypeORM sees it: migrations, and a pool for reading. The projection's runner says when it
 * is there (`migrate`) and when it is about to be dropped (`release`); in between, and while the server is away, there
 * is nothing to read from, and a query is left to another replica.
 */
import { DataSource } from 'typeorm';
import type { ProjectionSchema } from '@tidemark/service';
import { CreateMetadata1780000000000 } from './create-metadata.migration.js';
import { ENTITIES } from './entities.js';

const CONNECT_TIMEOUT_MS = 5_000;
const QUERY_TIMEOUT_MS = 5_000;
const CONNECTIONS_MAX = 8;

export class MetadataDatabase implements ProjectionSchema {
  #source: DataSource | undefined;

  /** Nothing while there is no database to read from. */
  get source(): DataSource | undefined {
    return this.#source;
  }

  async migrate(databaseUrl: string): Promise<void> {
    if (this.#source !== undefined) {
      await this.#source.runMigrations();
      return;
    }
    const source = new DataSource({
      type: 'postgres',
      url: databaseUrl,
      entities: ENTITIES,
      migrations: [CreateMetadata1780000000000],
      synchronize: false,
      logging: false,
      extra: {
        max: CONNECTIONS_MAX,
        connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
        query_timeout: QUERY_TIMEOUT_MS,
      },
    });
    await source.initialize();
    try {
      await source.runMigrations();
    } catch (error) {
      await source.destroy();
      throw error;
    }
    this.#source = source;
  }

  async release(): Promise<void> {
    const source = this.#source;
    this.#source = undefined;
    await source?.destroy();
  }
}

/**
 * Starts and drains one Metadata Server replica: the catalog's tail, the two deciders, the projection into its own
 * database, the questions, and the admin HTTP. Holds what must be closed again. Called by main.ts and by specs.
 */
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { TOPICS as TOPIC_TABLE, topicSpec } from '@tidemark/contracts';
import type { Clock } from '@tidemark/platform';
import {
  type Health,
  type Logger,
  NestLogger,
  ProjectionRunner,
  registerHealthRoutes,
  type ShutdownStep,
  type Topics,
  TopicTransport,
} from '@tidemark/service';
import { AppModule } from './app.module.js';
import { CatalogTail } from './catalog/catalog-tail.js';
import { startCatalogWorker } from './catalog/catalog-worker.js';
import { MetadataDatabase } from './database/metadata-database.js';
import { startExperimentsWorker } from './experiments/experiments-worker.js';
import { Measures } from './hosting/measures.js';
import { MetadataProjection } from './projection/metadata-projection.js';
import { queryReplyMessage, readQuery } from './queries/queries.controller.js';
import { QueryService } from './queries/query-service.js';

export interface ServerOptions {
  readonly name: string;
  readonly listen: { readonly host: string; readonly port: number };
  readonly databaseUrl: string;
  readonly topics: Topics;
  readonly clock: Clock;
  readonly health: Health;
  readonly logger: Logger;
}

export interface RunningServer {
  /** host:port */
  readonly address: string;
  /** In the order in which they must be taken. */
  readonly shutdown: readonly ShutdownStep[];
}

export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { topics, clock, logger, health, databaseUrl } = options;
  const context = { topics, clock, logger };
  await topics.ensure(TOPIC_TABLE.map(topicSpec));
  const measures = new Measures(health);
  const database = new MetadataDatabase();
  const projection = new ProjectionRunner({
    ...context,
    definition: new MetadataProjection(),
    schema: database,
    databaseUrl,
  });
  projection.start();
  const catalog = await CatalogTail.open(topics, clock);
  // Whoever decides must know the catalog: a replica that does not would make its users wait.
  await catalog.caughtUp;
  const experiments = await startExperimentsWorker({
    ...context,
    catalog,
    onOutcome: (outcome, type) => measures.folded(outcome, type),
  });
  const catalogWorker = await startCatalogWorker(context);
  const queries = new QueryService({ database, projection, logger });
  const transport = queryTransport(options);
  const app = await createApp(options, { replica: options.name, logger, projection, queries }, transport);
  health.requireSettled('experiments', experiments.joined, 'the group is being joined');
  health.requireSettled('catalog', catalogWorker.joined, 'the group is being joined');
  health.requireSettled('queries', transport.joined(), 'the group is being joined');
  health.require('experiments history', () => experiments.unready());
  health.require('catalog history', () => catalogWorker.unready());
  health.require('projection', () =>
    projection.state === 'live' ? undefined : `the projection is ${projection.state}`,
  );
  measures.observe({ experiments, catalog: catalogWorker, projection, transport });
  return {
    address: new URL(await app.getUrl()).host,
    shutdown: [
      { name: 'unready', run: () => health.drain() },
      { name: 'questions', run: () => transport.close() },
      {
        name: 'deciders',
        run: () => Promise.all([experiments.close(), catalogWorker.close()]).then(() => undefined),
      },
      { name: 'catalog', run: () => catalog.close() },
      { name: 'projection', run: () => projection.close() },
      { name: 'database', run: () => database.release() },
      { name: 'topics', run: () => topics.close() },
      { name: 'http', run: () => app.close() },
    ],
  };
}

function queryTransport({ topics, clock, logger }: ServerOptions): TopicTransport {
  return new TopicTransport({
    topics,
    clock,
    logger,
    decode: readQuery,
    encodeReply: (result) => (result === undefined ? undefined : queryReplyMessage(result as never)),
    encodeFailure: (error) =>
      queryReplyMessage({
        problem: { code: 'malformed', detail: error.message.slice(0, 2000) },
        position: '',
      }),
  });
}

async function createApp(
  { health, logger, listen }: ServerOptions,
  composition: Parameters<typeof AppModule.of>[0],
  transport: TopicTransport,
): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({ requestIdHeader: false });
  registerHealthRoutes(adapter.getInstance(), health);
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.of(composition), adapter, {
    logger: new NestLogger(logger),
    abortOnError: false,
  });
  app.connectMicroservice({ strategy: transport });
  await app.startAllMicroservices();
  await app.listen(listen);
  return app;
}

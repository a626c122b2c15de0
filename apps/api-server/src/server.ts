/**
 * Starts and drains one API Server replica: topics, the book of requests, the live tails, then HTTP. Holds what must
 * be closed again. Called by main.ts and by specs.
 */
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { repliesTopic, TOPICS, topicSpec } from '@tidemark/contracts';
import type { Clock, Disk, Random } from '@tidemark/platform';
import {
  ContentStore,
  NestLogger,
  RequestReply,
  type Health,
  type Logger,
  type ShutdownStep,
  type Topics,
} from '@tidemark/service';
import { Gauge } from 'prom-client';
import { ApiKeys } from './authentication/api-key.js';
import { createHttpServer } from './http/http-server.js';
import { LiveHistory } from './live/live-history.js';
import { LiveOutput } from './live/live-output.js';
import { Asking } from './requests/asking.js';

export interface ServerOptions {
  readonly name: string;
  readonly listen: { readonly host: string; readonly port: number };
  readonly apiKey: string;
  readonly contentDirectory: string;
  readonly topics: Topics;
  readonly clock: Clock;
  readonly random: Random;
  readonly disk: Disk;
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
  const { topics, clock, random, health, logger } = options;
  await topics.ensure(TOPICS.map(topicSpec));
  const requests = await RequestReply.open({
    topics,
    clock,
    random,
    replies: topicSpec(repliesTopic(options.name)),
  });
  const history = new LiveHistory();
  const output = new LiveOutput();
  const historyTail = await history.start(topics);
  await output.start(topics);
  health.requireSettled('live', historyTail.caughtUp, 'the live tail is being read');
  const content = new ContentStore({ ...options, directory: options.contentDirectory });
  const composition = {
    clock,
    keys: new ApiKeys(options.apiKey),
    asking: new Asking({ requests, topics, clock, random }),
    history,
    output,
    content,
  };
  const app = await createHttpServer({ composition, health, random, logger: new NestLogger(logger) });
  await app.listen(options.listen);
  measure(health, requests, history);
  return {
    address: new URL(await app.getUrl()).host,
    shutdown: [
      { name: 'unready', run: () => health.drain() },
      { name: 'http', run: () => closeHttp(app, clock) },
      { name: 'requests', run: () => requests.close() },
      { name: 'topics', run: () => topics.close() },
    ],
  };
}

/** Requests in hand have this long to be answered before their connections are cut. */
const DRAIN_MS = 2_000;

/** Lets requests in hand finish; streams have no end of their own and are cut, their readers resume elsewhere. */
async function closeHttp(app: NestFastifyApplication, clock: Clock): Promise<void> {
  const closed = app.close();
  const server = app.getHttpServer();
  server.closeIdleConnections();
  const cut = clock.setTimer(DRAIN_MS, () => server.closeAllConnections());
  await closed;
  cut.cancel();
}

function measure(health: Health, requests: RequestReply, history: LiveHistory): void {
  const registers = [health.registry];
  const gauge = (name: string, help: string, value: () => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  };
  gauge('tidemark_requests_waiting', 'Requests that wait for their reply', () => requests.counts.waiting);
  gauge('tidemark_requests_timed_out', 'Requests that had no reply in time', () => requests.counts.timedOut);
  gauge('tidemark_requests_resent', 'Questions that were sent again', () => requests.counts.resent);
  gauge('tidemark_replies_late', 'Replies that nobody waited for any more', () => requests.counts.late);
  gauge('tidemark_event_streams', 'Open streams of events', () => history.watching);
}

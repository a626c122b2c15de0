/**
 * Two Metadata Server replicas over topics in memory and a real PostgreSQL, and a client that sends commands and
 * questions as the API Server does. One per spec file.
 */
import {
  CATALOG_TOPIC,
  COMMANDS_TOPIC,
  commandRepliedSchema,
  type CommandReply,
  type CommandType,
  encode,
  EXPERIMENTS_TOPIC,
  experimentIdOf,
  formatPosition,
  hashOfFold,
  type Message,
  MetadataFold,
  METADATA_TOPICS,
  newMessage,
  type PayloadInput,
  QUERIES,
  QUERIES_TOPIC,
  queryRepliedSchema,
  type QueryRequest,
  type QueryResult,
  type QueryType,
  repliesTopic,
} from '@tidemark/contracts';
import { nodeClock, nodeRandom } from '@tidemark/platform/node';
import {
  Health,
  MemoryLog,
  MemoryTopics,
  RequestReply,
  silentLogger,
  type TopicRecord,
} from '@tidemark/service';
import { startTestPostgres, type TestPostgres } from '@tidemark/service/testing';
import { type RunningServer, startServer } from '../server.js';
import { FILE, HASH, TIME, WORD_COUNT } from './stories.js';

export interface Replica {
  readonly server: RunningServer;
  readonly health: Health;
  readonly name: string;
}

export let postgres: TestPostgres;
export let log: MemoryLog;
export let clientTopics: MemoryTopics;
export let requests: RequestReply;
export let replicas: Replica[] = [];

export async function startReplica(index: number): Promise<Replica> {
  const name = `metadata-server-${index}`;
  const health = new Health(name);
  const topics = new MemoryTopics({ log, clock: nodeClock, replica: name });
  const server = await startServer({
    name,
    listen: { host: '127.0.0.1', port: 0 },
    databaseUrl: postgres.url(name.replaceAll('-', '_')),
    topics,
    clock: nodeClock,
    health,
    logger: silentLogger,
  });
  const replica = { server, health, name };
  replicas.push(replica);
  return replica;
}

export async function stopReplica(replica: Replica): Promise<void> {
  replicas = replicas.filter((other) => other !== replica);
  for (const { run } of replica.server.shutdown) await run();
}

export async function until<T>(look: () => Promise<T | undefined | false>, what: string): Promise<T> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export const allReady = () =>
  until(() => Promise.resolve(replicas.every(({ health }) => health.ready)), 'readiness');

export let commands = 0;
export async function command<Type extends CommandType>(
  type: Type,
  key: string,
  payload: PayloadInput<Type>,
): Promise<CommandReply> {
  commands += 1;
  const message = newMessage(type, payload, {
    key,
    id: `command-${commands}`,
    gateway: 'default',
    actor: 'admin',
    time: TIME,
  });
  const outcome = await requests.request({
    topic: COMMANDS_TOPIC,
    ...encode(message as Message),
    deadlineMs: 20_000,
  });
  if ('failed' in outcome) throw new Error(`no reply: ${outcome.failed}`);
  return commandRepliedSchema.parse(JSON.parse(String(outcome.reply.value)));
}

export async function query<Type extends QueryType>(
  type: Type,
  request: QueryRequest<Type>,
): Promise<QueryResult<Type>> {
  const message = newMessage(type, request, {
    key: 'q',
    id: 'q',
    gateway: 'default',
    actor: 'admin',
    time: TIME,
  });
  const outcome = await requests.request({
    topic: QUERIES_TOPIC,
    ...encode(message as Message),
    deadlineMs: 20_000,
    resendAfterMs: 500,
  });
  if ('failed' in outcome) throw new Error(`no reply: ${outcome.failed}`);
  const reply = queryRepliedSchema.parse(JSON.parse(String(outcome.reply.value)));
  if ('problem' in reply) throw new Error(reply.problem.code);
  return QUERIES[type].result.parse(reply.result) as QueryResult<Type>;
}

export const resultOf = (reply: CommandReply) => {
  if ('problem' in reply) throw new Error(JSON.stringify(reply.problem));
  return reply.result;
};
export const codeOf = (reply: CommandReply): string | undefined =>
  'problem' in reply ? reply.problem.code : undefined;

export const register = (overrides: Partial<typeof WORD_COUNT> = {}) =>
  command('RegisterApplication', `application/${WORD_COUNT.name}`, {
    application: { ...WORD_COUNT, ...overrides },
    catalogPosition: '',
  });
export const upload = () =>
  command('RegisterDataProduct', `data-product/${FILE.id}`, { dataProduct: FILE, catalogPosition: '' });
export const create = (id: string, overrides: Partial<PayloadInput<'CreateExperiment'>> = {}) =>
  command('CreateExperiment', id, {
    experimentId: id,
    name: 'count words',
    application: { name: 'word-count' },
    inputs: { text: FILE.id },
    bodyHash: HASH,
    catalogPosition: formatPosition(catalogEnd()),
    ...overrides,
  });
export const idOf = (key: string): string =>
  experimentIdOf({ gateway: 'default', actor: 'admin', route: 'r', idempotencyKey: key });

export function catalogEnd(): Map<string, number> {
  return endsOf(CATALOG_TOPIC);
}

export function endsOf(topic: string): Map<string, number> {
  return new Map(
    Array.from({ length: log.partitions(topic) }, (_, partition) => [
      `${topic}/${partition}`,
      log.end(topic, partition),
    ]),
  );
}

export function recordsOf(topic: string): TopicRecord[] {
  return Array.from({ length: log.partitions(topic) }, (_, partition) =>
    log.read(topic, partition, 0, 1e6),
  ).flat();
}

export function typesOf(experimentId: string): string[] {
  return recordsOf(EXPERIMENTS_TOPIC)
    .filter(({ key }) => key === experimentId)
    .map(({ headers }) => String((headers as Record<string, unknown>).type));
}

/** What the CLI does: folds the topics afresh. */
export function freshHash(): string {
  const fold = new MetadataFold();
  for (const topic of METADATA_TOPICS) fold.apply(recordsOf(topic));
  return hashOfFold(fold);
}

export interface Report {
  readonly replica: string;
  readonly state: string;
  readonly hash: string;
  readonly rows: number;
  readonly position: string;
  readonly lag: number;
}

export async function report({ server }: Replica): Promise<Report> {
  const response = await fetch(`http://${server.address}/admin/projections`);
  const [found] = (await response.json()) as Report[];
  if (found === undefined) throw new Error('no projection');
  return found;
}

export async function untilAllEqual(): Promise<Report[]> {
  const end = formatPosition(new Map([...endsOf(CATALOG_TOPIC), ...endsOf(EXPERIMENTS_TOPIC)]));
  return until(async () => {
    const reports = await Promise.all(replicas.map(report));
    return reports.every(({ position, state }) => position === end && state === 'live') && reports;
  }, 'all replicas at the end of the log');
}

/** Plays the Application Manager. */
export async function publishFacts(facts: readonly { readonly message: Message }[]): Promise<void> {
  await clientTopics.publish(
    EXPERIMENTS_TOPIC,
    facts.map(({ message }) => encode(message)),
  );
}

export async function openWorld(): Promise<void> {
  postgres = await startTestPostgres();
  log = new MemoryLog();
  clientTopics = new MemoryTopics({ log, clock: nodeClock, replica: 'api-server-1' });
  await startReplica(1);
  await startReplica(2);
  const { name, partitions } = repliesTopic('api-server-1');
  requests = await RequestReply.open({
    topics: clientTopics,
    clock: nodeClock,
    random: nodeRandom,
    replies: { name, partitions },
  });
  await allReady();
}

export async function closeWorld(): Promise<void> {
  await requests.close();
  for (const replica of replicas) await stopReplica(replica);
  await clientTopics.close();
  await postgres.stop();
}

// docs/topics.md, docs/problems.md and docs/http-api.md: the tables of libs/contracts, and the OpenAPI document that the
// API Server makes of its controllers.
import { code, codes, duration, size, table } from './markdown.mjs';

export function topicsBlock({ TOPICS, repliesTopic, MESSAGE_TYPES }) {
  const rows = [...TOPICS, repliesTopic('<replica>')].map((topic) => {
    const types = Object.entries(MESSAGE_TYPES).filter(([, { topic: name }]) => name === topic.name);
    const writers = [...new Set(types.map(([, { writer }]) => writer))];
    return [
      code(topic.name),
      topic.key,
      topic.partitions,
      topic.cleanupPolicy,
      duration(topic.retentionMs),
      size(topic.retentionBytes),
      writers.length === 0 ? 'whoever fails' : codes(writers),
      topic.purpose.replace('<replica>', 'that replica'),
    ];
  });
  return table(
    ['topic', 'key', 'partitions', 'policy', 'kept', 'bytes per partition', 'written by', 'holds'],
    rows,
  );
}

export function messageTypesBlock({ TOPICS, repliesTopic, MESSAGE_TYPES }) {
  const order = [...TOPICS, repliesTopic('<replica>')].map(({ name }) => name);
  const rows = Object.entries(MESSAGE_TYPES)
    .sort(([, one], [, other]) => order.indexOf(one.topic) - order.indexOf(other.topic))
    .map(([type, { topic, writer, version }]) => [
      `[${code(`${type}@${version}`)}](../libs/contracts/schemas/${type}@${version}.json)`,
      code(topic),
      code(writer),
    ]);
  return table(['type', 'topic', 'the one writer'], rows);
}

export function problemsBlock({ PROBLEMS }) {
  return table(
    ['status', 'code', 'title', 'Retry-After'],
    Object.entries(PROBLEMS).map(([name, { status, title, retryAfterSeconds }]) => [
      status,
      code(name),
      title,
      retryAfterSeconds === undefined ? '' : `${retryAfterSeconds} s`,
    ]),
  );
}

export function reasonCodesBlock({ REASON_CODES }) {
  return table(
    ['code', 'meaning', 'may be tried again by itself'],
    Object.entries(REASON_CODES).map(([name, { meaning, retryable }]) => [
      code(name),
      meaning,
      retryable ? 'yes' : '',
    ]),
  );
}

/** The routes of the very document that is served at /openapi.json; nothing is listened on for it. */
export async function routesBlock({ createHttpServer, openApi }, { Health }) {
  const composition = { clock: {}, keys: {}, asking: {}, history: {}, output: {}, content: {} };
  const app = await createHttpServer({
    composition,
    health: new Health('docs'),
    random: {},
    logger: false,
  });
  try {
    const routes = Object.entries(openApi(app).paths).flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, operation]) => ({ path, method, ...operation })),
    );
    routes.sort((one, other) => (one.tags[0] < other.tags[0] ? -1 : one.tags[0] > other.tags[0] ? 1 : 0));
    return table(
      ['', 'route', 'query', 'answers', ''],
      routes.map(({ path, method, summary, description, parameters = [], responses }) => [
        method.toUpperCase(),
        code(path),
        codes(parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name)),
        Object.keys(responses).join(', '),
        [summary, description].filter((text) => text !== undefined && text !== '').join('. '),
      ]),
    );
  } finally {
    await app.close();
  }
}

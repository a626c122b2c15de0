// docs/protocol.md and docs/error-codes.md: the wire library's own tables, narrowed to what the broker has handlers for
// and to the codes that its sources name. What differs from Apache Kafka on purpose is the only thing written here by
// hand, and every note must belong to an API of the table.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { codes, table } from './markdown.mjs';
import { sourcesBelow } from './sources.mjs';

/** By the API's name: where we differ from Apache Kafka on purpose, or where a version says more than its number. */
const NOTES = {
  Produce:
    '0 to 2 are told and not spoken, as in Apache Kafka: old librdkafka takes version 0 for leave to compress. Batches of a transaction are refused (INVALID_TXN_STATE). Requests of one connection are appended one after the other without waiting for earlier answers; answers keep their order.',
  Fetch:
    'Fetch sessions are declined (session id 0), so every request is a full one. Whoever fetches as a follower gets CLUSTER_AUTHORIZATION_FAILED: nobody follows this broker. `read_committed` reads to the high watermark.',
  ListOffsets:
    'Version 0 is not spoken. Questions about tiered storage (-4, -5, -6) are answered with nothing.',
  Metadata: 'A topic under a prefix of `auto.create.topics.exclude` is never created by use.',
  OffsetFetch: 'Every offset is stable, because there are no transactions.',
  FindCoordinator:
    'Only groups have coordinators; a transactional id is answered with INVALID_REQUEST, which clients do not retry.',
  JoinGroup: 'The classic protocol, eager and cooperative, with static members. Not KIP-848.',
  ListGroups: 'All groups are of the type `classic`.',
  SaslHandshake: 'There are no mechanisms: each is refused, and the connection goes on.',
  ApiVersions:
    'A version from the future is answered in the layout of version 0 (KIP-511). No features are told.',
  CreateTopics: 'At most 10,000 new partitions in one request.',
  InitProducerId: 'Idempotent producers only: a transactional id is refused with INVALID_REQUEST.',
  DescribeConfigs: "A broker tells its own settings, read-only: they come from its process's environment.",
  AlterConfigs: "Topics only: a broker's settings are its environment.",
  IncrementalAlterConfigs: 'Topics only.',
  ListConfigResources: 'Topics and brokers; loggers, client metrics and groups have no configuration here.',
  DescribeCluster: 'There are no controllers apart from brokers (endpoint type 2 is refused).',
};

const range = ({ min, max }) => (min === max ? `${min}` : `${min}-${max}`);

/** Keys of the APIs that handlers/index.ts lists. */
function servedKeys(root) {
  const index = readFileSync(join(root, 'apps/broker/src/handlers/index.ts'), 'utf8');
  return new Set([...index.matchAll(/from '\.\/(\d{2,5})-[a-z-]+\.js'/g)].map(([, key]) => Number(key)));
}

function servedApis(root, { APIS }) {
  const keys = servedKeys(root);
  return APIS.filter(({ key }) => keys.has(key));
}

export function differencesBlock(root, wire) {
  const served = servedApis(root, wire);
  const unknown = Object.keys(NOTES).filter((name) => !served.some((api) => api.name === name));
  if (unknown.length > 0) throw new Error(`notes about APIs that are not served: ${unknown.join(', ')}`);
  const noted = served.filter(({ name }) => Object.hasOwn(NOTES, name));
  return noted.map(({ name }) => `- **${name}.** ${NOTES[name]}`).join('\n');
}

export function protocolBlock(root, wire) {
  return table(
    ['key', 'API', 'spoken', 'told', 'flexible from'],
    servedApis(root, wire).map(({ key, name, versions, advertised, flexibleFrom, askedBy }) => [
      key,
      name,
      range(versions),
      askedBy === 'clients' ? range(advertised) : 'brokers only',
      flexibleFrom <= versions.max ? flexibleFrom : 'never',
    ]),
  );
}

const AREAS = {
  'handlers and connections': ['apps/broker/src/handlers', 'apps/broker/src/network'],
  groups: ['apps/broker/src/groups', 'apps/broker/src/coordinators'],
  controller: ['apps/broker/src/controller'],
  replicas: ['apps/broker/src/replicas'],
  log: ['libs/log/src'],
};

/** Code -> the areas whose sources name it as something to answer. */
export function errorCodesBlock(root, { ERRORS }) {
  const sentBy = new Map();
  for (const [area, folders] of Object.entries(AREAS)) {
    for (const path of folders.flatMap((folder) => sourcesBelow(root, folder))) {
      for (const [, name] of readFileSync(path, 'utf8').matchAll(/\bErrorCode\.([A-Z_]+)\b/g)) {
        sentBy.set(name, (sentBy.get(name) ?? new Set()).add(area));
      }
    }
  }
  return table(
    ['code', 'name', 'retriable', 'meaning', 'named in'],
    ERRORS.filter(({ name }) => sentBy.has(name)).map(({ code, name, retriable, meaning }) => [
      code,
      codes([name]),
      retriable ? 'yes' : '',
      meaning,
      [...sentBy.get(name)].join(', '),
    ]),
  );
}

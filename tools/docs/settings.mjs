// docs/configuration.md: the broker's and the topics' settings from their tables, the environment of every process, and
// what `tidemark up` can be told. Names and defaults come from the code; what a variable means is said here, once, and a
// variable that the code reads and nobody explained, or the reverse, stops the tool.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { code, codes, duration, size, table } from './markdown.mjs';
import { sourcesBelow } from './sources.mjs';

const LONG_MAX = '9223372036854775807';

/** A default as it would be written, with its size or duration for people. */
function readable(name, text) {
  if (text === '') return 'empty';
  if (text === LONG_MAX) return 'never';
  const number = Number(text);
  const plain = code(text);
  if (Number.isNaN(number) || number < 1000) return plain;
  if (/\.ms$/.test(name)) return `${plain} (${duration(number)})`;
  if (/\.bytes$/.test(name) && number % 1024 === 0) return `${plain} (${size(number)})`;
  return plain;
}

/** Names of settings, the broker's and the topics', that some source outside of the tables asks for. */
function settingsInUse(root) {
  const inUse = new Set();
  for (const path of ['apps/broker/src', 'libs/log/src'].flatMap((folder) => sourcesBelow(root, folder))) {
    if (/\/(config-table|topic-configs)\.ts$/.test(path)) continue;
    const text = readFileSync(path, 'utf8');
    for (const [, name] of text.matchAll(/'([a-z]+(?:\.[a-z]+)+)'/g)) inUse.add(name);
  }
  return inUse;
}

const IDLE = '; no effect in this release';

/** Whether the broker does anything about a setting, or about a topic's setting that falls back to it. */
function effect(name, inUse, { TOPIC_FALLBACKS }) {
  const ofTopics = [...TOPIC_FALLBACKS].filter(([, broker]) => broker === name);
  return inUse.has(name) || ofTopics.some(([topic]) => inUse.has(topic)) ? '' : IDLE;
}

/** Sentences of the tables end with a full stop; in a cell of a table more may follow. */
const meaningOf = ({ documentation }) => documentation.replace(/\.$/, '');

export function brokerSettingsBlock(root, configs) {
  const { BROKER_CONFIGS, BROKER_CONFIG_ALIASES } = configs;
  const inUse = settingsInUse(root);
  const rows = [...BROKER_CONFIGS].map(([name, definition]) => {
    const alias = [...BROKER_CONFIG_ALIASES].filter(([, other]) => other.name === name);
    const also = alias.length === 0 ? '' : `; also as ${codes(alias.map(([other]) => other))}`;
    const { allowed, type, defaultText } = definition;
    const oneOf = allowed === undefined ? '' : `; ${type === 'list' ? 'of' : 'one of'} ${codes(allowed)}`;
    return [
      code(name),
      type,
      readable(name, defaultText),
      meaningOf(definition) + oneOf + also + effect(name, inUse, configs),
    ];
  });
  return table(['setting', 'type', 'default', 'meaning'], rows);
}

export function topicSettingsBlock(root, configs, { TOPIC_CONFIGS }) {
  const { TOPIC_FALLBACKS } = configs;
  const inUse = settingsInUse(root);
  return table(
    ['setting', 'default: the broker’s', 'which is', 'meaning'],
    TOPIC_CONFIGS.map((definition) => {
      const { name, defaultText } = definition;
      const broker = TOPIC_FALLBACKS.get(name);
      return [
        code(name),
        broker === undefined ? '' : code(broker),
        readable(name, defaultText),
        meaningOf(definition) + effect(broker ?? name, inUse, configs),
      ];
    }),
  );
}

const EVERY_SERVICE = {
  TIDEMARK_NAME: 'name of the replica; in its log lines, its run file and the name of its reply topic',
  TIDEMARK_BROKERS: 'where brokers are: `host:port[,host:port...]`',
  TIDEMARK_LISTEN: 'where its HTTP listens; port 0 takes a free one',
  TIDEMARK_RUN_FILE: 'where it publishes pid and addresses once it listens; none by default',
  TIDEMARK_CONTENT: 'directory of the content store, shared by all replicas',
  TIDEMARK_LOG_LEVEL: '`fatal`, `error`, `warn`, `info`, `debug`, `trace` or `silent`',
};

/** Per service what is its own; the module that exports `SETTINGS` is its config.ts. */
export const SERVICES = {
  'api-server': {
    TIDEMARK_API_KEY_FILE: 'file that holds the admin API key',
  },
  'metadata-server': {
    TIDEMARK_DATABASE_URL: 'its own PostgreSQL database: `postgres://user:password@host:port/name`',
  },
  'application-manager': {
    TIDEMARK_JOBS: 'directory of the jobs, shared by all replicas on the machine',
    TIDEMARK_SLOTS: 'jobs at once on this machine, over all replicas; twice the cores by default',
    TIDEMARK_JOB_GRACE_S: 'seconds between TERM and KILL',
    TIDEMARK_JOB_STREAM_BYTES_MAX: 'bytes kept of stdout and of stderr each',
    TIDEMARK_JOB_FILE_BYTES_MAX: 'largest file that a job may write',
  },
};

/** Defaults that are not in a schema but beside it, in the module's DEFAULTS. */
function defaultOf(setting, name, { DEFAULTS = {} }) {
  if (Object.hasOwn(DEFAULTS, name)) return code(DEFAULTS[name]);
  const parsed = setting.schema.safeParse(undefined);
  if (!parsed.success) return '**required**';
  const { data } = parsed;
  if (data === undefined) return '';
  return code(typeof data === 'object' ? `${data.host}:${data.port}` : data);
}

function explained(meanings, variables, where) {
  const known = Object.keys(meanings);
  const missing = variables.filter((variable) => !known.includes(variable));
  const stale = known.filter((variable) => !variables.includes(variable));
  if (missing.length + stale.length === 0) return;
  throw new Error(
    `${where}: not explained: [${missing.join(', ')}], not there any more: [${stale.join(', ')}]`,
  );
}

function serviceRows(module, settings, meanings, where) {
  const entries = Object.entries(settings);
  explained(
    meanings,
    entries.map(([, { variable }]) => variable),
    where,
  );
  return entries.map(([name, setting]) => [
    code(setting.variable),
    defaultOf(setting, name, module),
    meanings[setting.variable],
  ]);
}

const COLUMNS = ['variable', 'default', 'meaning'];

export function commonVariablesBlock(modules, { COMMON_SETTINGS }) {
  const without = (name) => Object.keys(modules).filter((service) => !(name in modules[service].SETTINGS));
  const rows = serviceRows({}, COMMON_SETTINGS, EVERY_SERVICE, 'every service');
  Object.keys(COMMON_SETTINGS).forEach((name, index) => {
    if (without(name).length > 0) rows[index][2] += ` (not ${codes(without(name))})`;
  });
  return table(COLUMNS, rows);
}

export function serviceVariablesBlock(modules, { COMMON_SETTINGS }) {
  const rows = Object.entries(SERVICES).flatMap(([service, meanings]) => {
    const own = Object.entries(modules[service].SETTINGS).filter(([name]) => !(name in COMMON_SETTINGS));
    return serviceRows(modules[service], Object.fromEntries(own), meanings, service).map((row) => [
      service,
      ...row,
    ]);
  });
  return table(['service', ...COLUMNS], rows);
}

/** The broker reads its environment without a table: its variables are found in its source, its defaults by asking. */
const BROKER = {
  TIDEMARK_NODE_ID: ['nodeId', 'its number in the cluster'],
  TIDEMARK_NAME: ['name', 'its name in log lines and run file'],
  TIDEMARK_CLUSTER_ID: [undefined, 'the cluster that it belongs to; a data directory of another is refused'],
  TIDEMARK_VOTERS: [
    'voters',
    'the voters of the metadata quorum, the same at every broker: `id@host:port:directoryId`, separated by commas; this broker alone, if left out',
  ],
  TIDEMARK_DIRECTORY_ID: [
    'directoryId',
    'the id of a data directory that is empty yet, given once when it is formatted; a random one by default',
  ],
  TIDEMARK_DATA: [undefined, 'its data directory'],
  TIDEMARK_LISTEN: ['listen', 'where Kafka clients connect'],
  TIDEMARK_ADVERTISED: ['advertised', 'where clients are told to connect; where it listens, if left out'],
  TIDEMARK_ADMIN_LISTEN: ['adminListen', 'where its admin HTTP listens'],
  TIDEMARK_RUN_FILE: ['runFile', 'where it publishes pid and addresses once it is ready; none by default'],
  TIDEMARK_BOOT_ID: ['bootId', 'which boot of the machine this is; the system is asked by default'],
  TIDEMARK_LOG_LEVEL: ['logLevel', EVERY_SERVICE.TIDEMARK_LOG_LEVEL],
};

/** Names that the source reads from its environment, by property or as a text. */
function variablesIn(root, file) {
  const text = readFileSync(join(root, file), 'utf8');
  const names = [...text.matchAll(/(?:environment\.|'|\{ )(TIDEMARK_[A-Z_]*[A-Z])\b/g)].map(
    ([, name]) => name,
  );
  return [...new Set(names)];
}

export function brokerVariablesBlock(root, { readConfig }) {
  const named = variablesIn(root, 'apps/broker/src/config.ts');
  explained(BROKER, named, 'broker');
  const { config } = readConfig({ TIDEMARK_CLUSTER_ID: 'x', TIDEMARK_DATA: 'x' });
  return table(
    COLUMNS,
    Object.entries(BROKER).map(([variable, [name, meaning]]) => {
      const value = config[name];
      if (name === undefined) return [code(variable), '**required**', meaning];
      if (value === undefined) return [code(variable), '', meaning];
      return [
        code(variable),
        code(typeof value === 'object' ? `${value.host}:${value.port}` : value),
        meaning,
      ];
    }),
  );
}

const FRONT_DOOR = {
  TIDEMARK_NAME: ['`front-door-1`', 'its name in its run file'],
  TIDEMARK_LISTEN: ['`127.0.0.1:8080`', 'where it listens'],
  TIDEMARK_RUN_FILE: ['**required**', 'where it publishes pid and address'],
  TIDEMARK_RUN_DIRECTORY: ['**required**', 'where the API Servers publish theirs'],
  TIDEMARK_LOG_LEVEL: ['`info`', EVERY_SERVICE.TIDEMARK_LOG_LEVEL],
};

export function frontDoorVariablesBlock(root) {
  const file = 'apps/cli/src/front-door/main.ts';
  const named = variablesIn(root, file);
  explained(FRONT_DOOR, named, 'front door');
  return table(
    COLUMNS,
    Object.entries(FRONT_DOOR).map(([variable, [initial, meaning]]) => [code(variable), initial, meaning]),
  );
}

export function commandLineBlock({ SETTINGS }) {
  return table(
    ['flag of `up`', 'variable', 'default', 'meaning'],
    SETTINGS.map(({ flag, variable, fallback, min, max, meaning }) => [
      code(`${flag} N`),
      code(variable),
      code(fallback),
      `${meaning} (${min} to ${max})`,
    ]),
  );
}

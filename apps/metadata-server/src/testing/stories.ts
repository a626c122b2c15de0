/**
 * What the specs of this service tell their stories with: commands and facts with made-up envelopes.
 */
import {
  applicationSchema,
  type CatalogState,
  type CommandType,
  type DataProduct,
  dataProductIdOf,
  emptyCatalog,
  eventIdOf,
  experimentIdOf,
  findApplication,
  foldCatalog,
  type HistoryEventType,
  jobTokenOf,
  type MessageOf,
  newMessage,
  type PayloadInput,
} from '@tidemark/contracts';
import type { CatalogView, Request, UserCommand } from '../experiments/experiments-command.js';
import type { ExperimentsEvent } from '../experiments/experiments-state.js';

export const TIME = '2026-01-31T12:00:00.000Z';
export const PARTITION = 3;
export const HASH = 'a'.repeat(64);
export const ID = experimentIdOf({ gateway: 'default', actor: 'admin', route: 'r', idempotencyKey: 'k' });
export const FILE: DataProduct = {
  id: dataProductIdOf({ gateway: 'default', name: 'README.md', sha256: HASH }),
  name: 'README.md',
  sha256: HASH,
  bytes: 1234,
  contentType: 'text/markdown',
};

export const WORD_COUNT = applicationSchema.parse({
  name: 'word-count',
  version: '1',
  command: ['node', '{app}/word-count.mjs', '{input:text}'],
  files: [{ path: 'word-count.mjs', sha256: HASH, bytes: 10 }],
  inputs: [
    { name: 'text', type: 'URI', required: true },
    { name: 'top', type: 'INTEGER', min: 1, max: 100, default: 10 },
  ],
  outputs: [{ name: 'counts', path: 'counts.json', required: true }],
  walltimeSeconds: 60,
});

export function commandMessage<Type extends CommandType>(
  type: Type,
  key: string,
  payload: PayloadInput<Type>,
  envelope: { readonly gateway?: string; readonly id?: string } = {},
): MessageOf<Type> {
  return newMessage(type, payload, {
    key,
    id: envelope.id ?? `${type}-1`,
    gateway: envelope.gateway ?? 'default',
    actor: 'admin',
    time: TIME,
  });
}

/** The catalog as a request finds it: word-count and one uploaded file. */
export function catalogView(overrides: Partial<CatalogView> = {}): CatalogView {
  const catalog: CatalogState = emptyCatalog();
  const record = { topic: 'tidemark.catalog', partition: 0, offset: 0 };
  const registered = newMessage(
    'ApplicationRegistered',
    { application: WORD_COUNT, sha256: HASH, versions: [{ version: '1', sha256: HASH }] },
    { key: 'application/word-count', id: 'a', gateway: 'default', actor: 'admin', time: TIME },
  );
  foldCatalog(catalog, registered, record);
  return {
    reached: true,
    position: 'tidemark.catalog/0@1',
    application: (name, version) => findApplication(catalog, name, version),
    dataProduct: (id) => (id === FILE.id ? FILE : undefined),
    ...overrides,
  };
}

export function createRequest(
  overrides: Partial<PayloadInput<'CreateExperiment'>> = {},
  catalog: CatalogView = catalogView(),
): Request {
  const payload: PayloadInput<'CreateExperiment'> = {
    experimentId: ID,
    name: 'count words',
    application: { name: 'word-count' },
    inputs: { text: FILE.id },
    bodyHash: HASH,
    catalogPosition: 'tidemark.catalog/0@1',
    ...overrides,
  };
  return { ...request(commandMessage('CreateExperiment', ID, payload)), catalog };
}

export function request(message: UserCommand, offset = 7): Request {
  return {
    kind: 'request',
    message,
    partition: PARTITION,
    cause: `tidemark.commands/${PARTITION}@${offset}`,
    time: TIME,
  };
}

export function cancelRequest(gateway = 'default'): Request {
  return request(
    commandMessage('CancelExperiment', ID, { experimentId: ID, reason: 'wrong input' }, { gateway }),
    9,
  );
}

export function launchRequest(): Request {
  return request(commandMessage('LaunchExperiment', ID, { experimentId: ID }), 8);
}

/** What the Application Manager writes. */
export function fact<Type extends HistoryEventType>(
  type: Type,
  payload: PayloadInput<Type>,
): ExperimentsEvent {
  const message = newMessage(type, payload, {
    key: ID,
    id: eventIdOf({ aggregate: ID, type, cause: JSON.stringify(payload) }),
    gateway: 'default',
    actor: 'application-manager',
    cause: 'tidemark.observations/3@1',
    time: TIME,
  });
  return { message: message as ExperimentsEvent['message'], partition: PARTITION };
}

export const CREATED = fact('ExperimentCreated', {
  name: 'count words',
  application: { name: 'word-count' },
  inputs: {},
  launch: true,
  bodyHash: HASH,
});

export const rejected = (): ExperimentsEvent =>
  fact('ExperimentRejected', {
    errors: [{ pointer: '/inputs/text', code: 'required', message: 'is missing' }],
  });

const ofJob = { processIndex: 0, attempt: 1, token: jobTokenOf(ID, 0, 1) };

export const FACTS = {
  accepted: fact('ProcessAccepted', { processIndex: 0, owner: 'application-manager-1' }),
  setUp: fact('TaskStarted', { processIndex: 0, task: 'ENV_SETUP' }),
  stageIn: fact('TaskStarted', { processIndex: 0, task: 'INPUT_STAGING' }),
  intended: fact('JobLaunchIntended', { ...ofJob, specSha256: HASH }),
  submitted: fact('JobSubmitted', { ...ofJob, externalId: '4711' }),
  activated: fact('JobActivated', { ...ofJob, host: 'here', startedAt: TIME }),
  exited: (exitCode: number, reason: 'EXITED' | 'CANCELED' = 'EXITED') =>
    fact('JobExited', {
      ...ofJob,
      exitCode,
      signal: 0,
      reason,
      startedAt: TIME,
      endedAt: TIME,
      evidence: [],
    }),
  processCompleted: fact('ProcessCompleted', { processIndex: 0 }),
  processFailed: fact('ProcessFailed', {
    processIndex: 0,
    reasonCode: 'APP_EXIT_NONZERO',
    detail: 'exited with 3',
  }),
};

export const UP_TO_RUNNING = [
  FACTS.accepted,
  FACTS.setUp,
  FACTS.stageIn,
  FACTS.intended,
  FACTS.submitted,
  FACTS.activated,
];

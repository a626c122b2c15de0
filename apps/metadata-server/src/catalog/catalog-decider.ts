/**
 * Decides what is registered in the catalog. Its state is the catalog of one partition: all versions of an application
 * are in the partition of its name, so one owner decides a name. A published version never changes; registering the
 * same again changes nothing. Pure, like every decider.
 */
import {
  type Application,
  APPLICATION_VERSIONS_MAX,
  applicationFaults,
  applicationKey,
  bodyHash,
  CATALOG_TOPIC,
  type CatalogEventType,
  type CatalogMessage,
  type CatalogState,
  type CommandResult,
  dataProductIdOf,
  dataProductKey,
  emptyCatalog,
  eventIdOf,
  foldCatalog,
  type Message,
  newMessage,
  type PayloadInput,
  type Problem,
  type RegisteredApplication,
} from '@tidemark/contracts';
import type { Decider, Decision } from '@tidemark/decider';

export interface CatalogCommand {
  readonly message: Message<'RegisterApplication' | 'RegisterDataProduct'>;
  readonly partition: number;
  readonly cause: string;
  readonly time: string;
}

/** One record of the catalog and the partition that it is in, or will be written to. */
export interface CatalogEvent {
  readonly message: CatalogMessage;
  readonly partition: number;
}

export type CatalogReply = { readonly result: CommandResult } | { readonly problem: Problem };

type CatalogDecision = Decision<CatalogEvent, CatalogReply, Problem>;

export const catalogDecider: Decider<CatalogState, CatalogCommand, CatalogEvent, CatalogReply, Problem> = {
  initial: emptyCatalog,

  decide(state, command) {
    const { message } = command;
    return message.type === 'RegisterApplication'
      ? registerApplication(state, command, message.payload.application)
      : registerDataProduct(state, command, message);
  },

  evolve(state, { message, partition }, offset) {
    foldCatalog(state, message, { topic: CATALOG_TOPIC, partition, offset });
    return state;
  },

  /** Another owner may have registered the same version first, with other content. */
  conclude(state, { message }, reply) {
    if ('problem' in reply || message.type !== 'RegisterApplication') return reply;
    const { application } = message.payload;
    const published = publishedHash(
      state.applications.get(applicationKey(application.name)),
      application.version,
    );
    return published === bodyHash(application) ? reply : { problem: versionExists(application) };
  },
};

function registerApplication(
  state: CatalogState,
  command: CatalogCommand,
  application: Application,
): CatalogDecision {
  const { name, version } = application;
  const latest = state.applications.get(applicationKey(name));
  const sha256 = bodyHash(application);
  const published = publishedHash(latest, version);
  const reply = {
    result: { kind: 'application', name, version, repeated: published !== undefined },
  } as const;
  if (latest !== undefined && latest.gateway !== command.message.gateway) {
    return { rejected: { code: 'forbidden', detail: `the application "${name}" belongs to somebody else` } };
  }
  if (published === sha256) return { events: [], reply };
  if (published !== undefined) return { rejected: versionExists(application) };
  const errors = applicationFaults(application);
  if (errors.length > 0) {
    return {
      rejected: {
        code: 'validation',
        detail: 'the application contradicts itself',
        errors: errors.slice(0, 100),
      },
    };
  }
  const versions = [...(latest?.versions ?? []), { version, sha256 }];
  if (versions.length > APPLICATION_VERSIONS_MAX) {
    return {
      rejected: {
        code: 'validation',
        detail: `an application has at most ${APPLICATION_VERSIONS_MAX} versions`,
      },
    };
  }
  const event = catalogEvent(command, applicationKey(name), 'ApplicationRegistered', {
    application,
    sha256,
    versions,
  });
  return { events: latest === undefined ? [event] : [olderEvent(command, latest), event], reply };
}

/** The latest version so far, kept under its own key. */
function olderEvent(command: CatalogCommand, latest: RegisteredApplication): CatalogEvent {
  const { application, sha256, versions } = latest;
  const key = applicationKey(application.name, application.version);
  const event = catalogEvent(command, key, 'ApplicationRegistered', {
    application,
    sha256,
    versions: [...versions],
  });
  return { ...event, message: { ...event.message, time: latest.registeredAt } };
}

function registerDataProduct(
  state: CatalogState,
  command: CatalogCommand,
  message: Message<'RegisterDataProduct'>,
): CatalogDecision {
  const { dataProduct } = message.payload;
  const { id, name, sha256 } = dataProduct;
  if (id !== dataProductIdOf({ gateway: message.gateway, name, sha256 })) {
    return {
      rejected: { code: 'validation', detail: 'the id of a data product follows from its name and content' },
    };
  }
  const repeated = state.dataProducts.has(id);
  const reply = { result: { kind: 'data-product', id, repeated } } as const;
  if (repeated) return { events: [], reply };
  return {
    events: [catalogEvent(command, dataProductKey(id), 'DataProductRegistered', { dataProduct })],
    reply,
  };
}

function catalogEvent<Type extends CatalogEventType>(
  { message, partition, cause, time }: CatalogCommand,
  key: string,
  type: Type,
  payload: PayloadInput<Type>,
): CatalogEvent {
  const event = newMessage(type, payload, {
    key,
    id: eventIdOf({ aggregate: key, type, cause }),
    gateway: message.gateway,
    actor: message.actor,
    cause,
    time,
    ...(message.traceparent === undefined ? {} : { traceparent: message.traceparent }),
  });
  return { message: event as CatalogMessage, partition };
}

function publishedHash(latest: RegisteredApplication | undefined, version: string): string | undefined {
  return latest?.versions.find((known) => known.version === version)?.sha256;
}

function versionExists({ name, version }: Application): Problem {
  return {
    code: 'version-exists',
    detail: `version "${version}" of "${name}" is published with other content; choose a new version`,
  };
}

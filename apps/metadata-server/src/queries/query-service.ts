/**
 * Answers questions from this replica's database. A question with a position waits until the projection is there. No
 * answer (undefined) means: ask another replica, because this one's view is being built or its database is away.
 */
import {
  type ApplicationView,
  type DataProductView,
  type EventView,
  type ExperimentSummary,
  experimentSummary,
  experimentView,
  EXPERIMENTS_TOPIC,
  formatPosition,
  formatRecordReference,
  type Message,
  parsePosition,
  type Problem,
  type QueryReply,
  type QueryResult,
  type QueryType,
} from '@tidemark/contracts';
import { describeError, type Logger, type ProjectionRunner } from '@tidemark/service';
import type { DataSource } from 'typeorm';
import { ApplicationEntity, DataProductEntity, EventEntity, ExperimentEntity } from '../database/entities.js';
import type { MetadataDatabase } from '../database/metadata-database.js';
import { decodeCursor, encodeCursor } from './cursor.js';

export interface QueryServiceOptions {
  readonly database: MetadataDatabase;
  readonly projection: Pick<ProjectionRunner, 'position' | 'state' | 'waitFor'>;
  readonly logger: Logger;
}

type QueryMessage = Message<QueryType>;
type Parsed<Type extends QueryType> = Message<Type>['payload'];

const POSITION_WAIT_MS = 5_000;

class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail);
  }
}

export class QueryService {
  readonly #options: QueryServiceOptions;

  constructor(options: QueryServiceOptions) {
    this.#options = options;
  }

  /** Never rejects. Undefined: leave it to another replica. */
  async answer(message: QueryMessage): Promise<QueryReply | undefined> {
    const { projection, database, logger } = this.#options;
    if (projection.state !== 'live') return undefined;
    const wanted = parsePosition(message.payload.position);
    if (wanted === undefined) {
      return this.#refusal({ code: 'malformed', detail: 'the position cannot be read' });
    }
    const waited = await projection.waitFor(wanted, POSITION_WAIT_MS);
    if (waited !== 'reached') {
      const code = waited === 'timeout' ? 'position-not-reached' : 'overloaded';
      return this.#refusal({
        code,
        detail: `the view is at ${formatPosition(projection.position) || 'the beginning'}`,
      });
    }
    const { source } = database;
    if (source === undefined) return undefined;
    // Told before reading: the rows may be further, never less far.
    const position = formatPosition(projection.position);
    try {
      const result = await find(source, message);
      return { result: result as Extract<QueryReply, { result: unknown }>['result'], position };
    } catch (error) {
      if (error instanceof Refused) return this.#refusal(error.problem);
      logger.warn({ query: message.type, error: describeError(error) }, 'a query cannot be answered here');
      return undefined;
    }
  }

  #refusal(problem: Problem): QueryReply {
    return { problem, position: formatPosition(this.#options.projection.position) };
  }
}

function find(source: DataSource, message: QueryMessage): Promise<QueryResult<QueryType>> {
  const { gateway } = message;
  switch (message.type) {
    case 'GetExperiment':
      return getExperiment(source, gateway, message.payload);
    case 'ListExperiments':
      return listExperiments(source, gateway, message.payload);
    case 'ListEvents':
      return listEvents(source, gateway, message.payload);
    case 'GetApplication':
      return getApplication(source, gateway, message.payload);
    case 'ListApplications':
      return listApplications(source, gateway, message.payload);
    case 'GetDataProduct':
      return getDataProduct(source, gateway, message.payload);
  }
}

async function getExperiment(
  source: DataSource,
  gateway: string,
  { experimentId }: Parsed<'GetExperiment'>,
): Promise<QueryResult<'GetExperiment'>> {
  const found = await source.getRepository(ExperimentEntity).findOneBy({ id: experimentId, gateway });
  return found === null ? null : experimentView(found.state);
}

async function listExperiments(
  source: DataSource,
  gateway: string,
  { status, application, q, cursor, limit }: Parsed<'ListExperiments'>,
): Promise<QueryResult<'ListExperiments'>> {
  const query = source
    .getRepository(ExperimentEntity)
    .createQueryBuilder('e')
    .where('e.gateway = :gateway', { gateway })
    .orderBy('e.createdAt', 'DESC')
    .addOrderBy('e.id', 'DESC')
    .limit(limit + 1);
  if (status !== undefined) query.andWhere('e.status = :status', { status });
  if (application !== undefined) query.andWhere('e.applicationName = :application', { application });
  if (q !== undefined) query.andWhere('position(lower(:q) in lower(e.name)) > 0', { q });
  if (cursor !== undefined) {
    const [createdAt, id] = cursorParts(cursor, 2);
    query.andWhere('(e.createdAt, e.id) < (:createdAt::timestamptz, :id)', { createdAt, id });
  }
  return pageOf<ExperimentEntity, ExperimentSummary>(
    await query.getMany(),
    limit,
    (entity) => experimentSummary(entity.state),
    (entity) => [entity.createdAt, entity.id],
  );
}

async function listEvents(
  source: DataSource,
  gateway: string,
  { experimentId, fromOffset, type, limit }: Parsed<'ListEvents'>,
): Promise<QueryResult<'ListEvents'>> {
  const known = await source.getRepository(ExperimentEntity).existsBy({ id: experimentId, gateway });
  if (!known) return null;
  const query = source
    .getRepository(EventEntity)
    .createQueryBuilder('e')
    .where('e.experimentId = :experimentId AND e.recordOffset >= :fromOffset', { experimentId, fromOffset })
    .orderBy('e.recordOffset')
    .limit(limit + 1);
  if (type !== undefined) query.andWhere('e.type = :type', { type });
  const found = await query.getMany();
  const items = found.slice(0, limit);
  const last = items.at(-1);
  const nextOffset = last === undefined ? fromOffset : last.recordOffset + 1;
  return { items: items.map(eventView), nextOffset, more: found.length > limit };
}

async function getApplication(
  source: DataSource,
  gateway: string,
  { name, version }: Parsed<'GetApplication'>,
): Promise<QueryResult<'GetApplication'>> {
  const which = version === undefined ? { latest: true } : { version };
  const found = await source.getRepository(ApplicationEntity).findOneBy({ name, gateway, ...which });
  return found === null ? null : applicationView(found);
}

async function listApplications(
  source: DataSource,
  gateway: string,
  { cursor, limit }: Parsed<'ListApplications'>,
): Promise<QueryResult<'ListApplications'>> {
  const query = source
    .getRepository(ApplicationEntity)
    .createQueryBuilder('a')
    .where('a.gateway = :gateway AND a.latest', { gateway })
    .orderBy('a.name')
    .limit(limit + 1);
  if (cursor !== undefined) query.andWhere('a.name > :name', { name: cursorParts(cursor, 1)[0] });
  return pageOf(await query.getMany(), limit, applicationView, ({ name }) => [name]);
}

async function getDataProduct(
  source: DataSource,
  gateway: string,
  { id }: Parsed<'GetDataProduct'>,
): Promise<QueryResult<'GetDataProduct'>> {
  const found = await source.getRepository(DataProductEntity).findOneBy({ id, gateway });
  return found === null ? null : dataProductView(found);
}

function pageOf<Entity, View>(
  found: readonly Entity[],
  limit: number,
  view: (entity: Entity) => View,
  cursorOf: (entity: Entity) => readonly string[],
): { items: View[]; next?: string } {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  const more = found.length > limit && last !== undefined;
  return { items: items.map(view), ...(more ? { next: encodeCursor(cursorOf(last)) } : {}) };
}

function cursorParts(cursor: string, count: number): string[] {
  const parts = decodeCursor(cursor, count);
  if (parts !== undefined) return parts;
  throw new Refused({ code: 'malformed', detail: 'the cursor is not one of ours' });
}

function eventView(event: EventEntity): EventView {
  const { partition, recordOffset: offset, cause } = event;
  return {
    position: formatRecordReference({ topic: EXPERIMENTS_TOPIC, partition, offset }),
    id: event.id,
    type: event.type,
    version: event.version,
    time: event.time,
    actor: event.actor,
    ...(cause === null ? {} : { cause }),
    applied: event.applied,
    payload: event.payload,
  };
}

function applicationView(entity: ApplicationEntity): ApplicationView {
  const { definition, sha256, latest, versions, registeredAt } = entity;
  return { ...definition, sha256, latest, versions, registeredAt };
}

function dataProductView(entity: DataProductEntity): DataProductView {
  const { id, name, sha256, bytes, contentType, experimentId, createdAt } = entity;
  return {
    id,
    name,
    sha256,
    bytes,
    contentType,
    ...(experimentId === null ? {} : { experimentId }),
    createdAt,
  };
}

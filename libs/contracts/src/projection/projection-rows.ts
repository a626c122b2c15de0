/**
 * From states to rows: what the metadata projection writes for an experiment, an event, an application and a data
 * product. Pure, so that a replica's database and a fresh fold of the topics by the CLI come to the same rows.
 */
import type { CatalogMessage } from '../catalog/catalog-fold.js';
import { applicationKey } from '../catalog/catalog-fold.js';
import type { FoldOutcome, HistoryMessage } from '../experiment/evolve.js';
import type { ExperimentState, JobState, ProcessState } from '../experiment/state.js';
import type { StagedOutput } from '../messages/experiment-events.js';
import type { RecordReference } from '../position.js';
import type { MetadataRow } from './tables.js';

/** PostgreSQL's text and jsonb take neither NUL nor halves of surrogate pairs. */
// eslint-disable-next-line no-control-regex -- it is there to be replaced
const UNSTORABLE = /\u0000|\p{Surrogate}/gu;
const UNSTORABLE_IN_JSON = /\\u0000|\\u[dD][89a-fA-F]/;

function storableText(text: string): string {
  return text.replace(UNSTORABLE, '\ufffd');
}

/** The same value with every text storable; nearly always the very same object. */
function storableJson(value: unknown): unknown {
  return UNSTORABLE_IN_JSON.test(JSON.stringify(value)) ? replaceUnstorable(value) : value;
}

function replaceUnstorable(value: unknown): unknown {
  if (typeof value === 'string') return storableText(value);
  if (Array.isArray(value)) return value.map(replaceUnstorable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [storableText(key), replaceUnstorable(member)]),
  );
}

export function experimentRow(state: ExperimentState, partition: number): MetadataRow<'experiments'> {
  return {
    id: storableText(state.id),
    gateway: storableText(state.gateway),
    owner: storableText(state.owner),
    name: state.name,
    application_name: state.application.name,
    application_version: state.application.version ?? null,
    status: state.status,
    reason_code: state.reasonCode ?? null,
    exit_code: state.exitCode ?? null,
    created_at: state.createdAt,
    updated_at: state.updatedAt,
    ended_at: state.endedAt ?? null,
    partition,
    revision: state.revision,
    state: storableJson(state),
  };
}

export function processRow(experimentId: string, process: ProcessState): MetadataRow<'processes'> {
  return {
    experiment_id: experimentId,
    process_index: process.index,
    status: process.status,
    owner: process.owner === undefined ? null : storableText(process.owner),
    reason_code: process.reasonCode ?? null,
    attempts: process.jobs.length,
  };
}

export function jobRow(experimentId: string, processIndex: number, job: JobState): MetadataRow<'jobs'> {
  return {
    experiment_id: experimentId,
    process_index: processIndex,
    attempt: job.attempt,
    token: job.token,
    status: job.status,
    host: job.host === undefined ? null : storableText(job.host),
    started_at: job.startedAt ?? null,
    ended_at: job.endedAt ?? null,
    exit_code: job.exitCode ?? null,
    signal: job.signal ?? null,
    reason_code: job.reasonCode ?? null,
  };
}

export function eventRow(
  message: HistoryMessage,
  record: RecordReference,
  outcome: FoldOutcome,
): MetadataRow<'events'> {
  return {
    partition: record.partition,
    record_offset: record.offset,
    experiment_id: storableText(message.key),
    id: storableText(message.id),
    type: message.type,
    version: message.version,
    time: message.time,
    actor: storableText(message.actor),
    cause: message.cause === undefined ? null : storableText(message.cause),
    applied: outcome === 'applied',
    payload: storableJson(message.payload),
  };
}

export function applicationRow(
  message: Extract<CatalogMessage, { type: 'ApplicationRegistered' }>,
): MetadataRow<'applications'> {
  const { application, sha256, versions } = message.payload;
  return {
    key: message.key,
    gateway: storableText(message.gateway),
    name: application.name,
    version: application.version,
    latest: message.key === applicationKey(application.name),
    sha256,
    versions: versions.map(({ version }) => version),
    definition: storableJson(application),
    registered_at: message.time,
  };
}

export function uploadRow(
  message: Extract<CatalogMessage, { type: 'DataProductRegistered' }>,
): MetadataRow<'data_products'> {
  const { dataProduct } = message.payload;
  return {
    id: dataProduct.id,
    gateway: storableText(message.gateway),
    name: dataProduct.name,
    sha256: dataProduct.sha256,
    bytes: dataProduct.bytes,
    content_type: dataProduct.contentType,
    experiment_id: null,
    created_at: message.time,
  };
}

/** `name` is the file's own, without its directories. */
export function outputRow(
  state: ExperimentState,
  output: StagedOutput,
  time: string,
): MetadataRow<'data_products'> {
  return {
    id: output.dataProductId,
    gateway: storableText(state.gateway),
    name: output.path.slice(output.path.lastIndexOf('/') + 1),
    sha256: output.sha256,
    bytes: output.bytes,
    content_type: output.role === 'output' ? 'application/octet-stream' : 'text/plain',
    experiment_id: state.id,
    created_at: time,
  };
}

/**
 * From states to rows: what the metadata projection writes for an experiment, an event, an application and a data
 * product. Pure, so that a replica's database and a fresh fold of the topics by the CLI come to the same rows. What comes
 * in here is storable (storable.ts).
 */
import type { CatalogMessage } from '../catalog/catalog-fold.js';
import { applicationKey } from '../catalog/catalog-fold.js';
import type { FoldOutcome, HistoryMessage } from '../experiment/evolve.js';
import type { ExperimentState, JobState, ProcessState } from '../experiment/state.js';
import type { StagedOutput } from '../messages/experiment-events.js';
import type { RecordReference } from '../position.js';
import type { MetadataRow } from './tables.js';

export function experimentRow(state: ExperimentState, partition: number): MetadataRow<'experiments'> {
  return {
    id: state.id,
    gateway: state.gateway,
    owner: state.owner,
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
    state: state,
  };
}

export function processRow(experimentId: string, process: ProcessState): MetadataRow<'processes'> {
  return {
    experiment_id: experimentId,
    process_index: process.index,
    status: process.status,
    owner: process.owner ?? null,
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
    host: job.host ?? null,
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
    experiment_id: message.key,
    id: message.id,
    type: message.type,
    version: message.version,
    time: message.time,
    actor: message.actor,
    cause: message.cause ?? null,
    applied: outcome === 'applied',
    payload: message.payload,
  };
}

export function applicationRow(
  message: Extract<CatalogMessage, { type: 'ApplicationRegistered' }>,
): MetadataRow<'applications'> {
  const { application, sha256, versions } = message.payload;
  return {
    key: message.key,
    gateway: message.gateway,
    name: application.name,
    version: application.version,
    latest: message.key === applicationKey(application.name),
    sha256,
    versions: versions.map(({ version }) => version),
    definition: application,
    registered_at: message.time,
  };
}

export function uploadRow(
  message: Extract<CatalogMessage, { type: 'DataProductRegistered' }>,
): MetadataRow<'data_products'> {
  const { dataProduct } = message.payload;
  return {
    id: dataProduct.id,
    gateway: message.gateway,
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
    gateway: state.gateway,
    name: output.path.slice(output.path.lastIndexOf('/') + 1),
    sha256: output.sha256,
    bytes: output.bytes,
    content_type: output.role === 'output' ? 'application/octet-stream' : 'text/plain',
    experiment_id: state.id,
    created_at: time,
  };
}

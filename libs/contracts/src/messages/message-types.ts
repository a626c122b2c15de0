/**
 * Every type of message, as data: the topic it travels on, the one service that writes it, its version and its
 * payload. Reading and writing (envelope/), the committed JSON Schemas and the docs all go by this table. A change
 * that cannot read what was written before takes a new version and an upcaster from the one before it.
 */
import type { z } from 'zod';
import {
  CATALOG_TOPIC,
  COMMANDS_TOPIC,
  EXPERIMENTS_TOPIC,
  OBSERVATIONS_TOPIC,
  OUTPUT_TOPIC,
  QUERIES_TOPIC,
} from '../topics.js';
import * as catalog from './catalog-events.js';
import * as commands from './commands.js';
import * as experiment from './experiment-events.js';
import * as observations from './observations.js';
import * as process from './process-events.js';
import { QUERIES } from './queries.js';
import * as replies from './replies.js';

export type Service = 'api-server' | 'metadata-server' | 'application-manager';

/** Where replies go; each replica has a topic of its own. */
export const REPLIES = 'tidemark.replies.<replica>';

export interface MessageTypeDefinition {
  readonly topic: string;
  readonly writer: Service;
  readonly version: number;
  readonly payload: z.ZodType;
  /** From version n to n + 1, for every n from 1 to `version` - 1. Pure. */
  readonly upcasters?: Readonly<Record<number, (payload: unknown) => unknown>>;
}

const define =
  <Topic extends string, Writer extends Service>(topic: Topic, writer: Writer) =>
  <Payload extends z.ZodType>(payload: Payload) =>
    ({ topic, writer, version: 1, payload }) as const;

const command = define(COMMANDS_TOPIC, 'api-server');
const byMetadata = define(EXPERIMENTS_TOPIC, 'metadata-server');
const byManager = define(EXPERIMENTS_TOPIC, 'application-manager');
const ofCatalog = define(CATALOG_TOPIC, 'metadata-server');
const observation = define(OBSERVATIONS_TOPIC, 'application-manager');
const output = define(OUTPUT_TOPIC, 'application-manager');
const query = define(QUERIES_TOPIC, 'api-server');
const reply = define(REPLIES, 'metadata-server');

export const COMMAND_TYPES = {
  CreateExperiment: command(commands.createExperimentSchema),
  LaunchExperiment: command(commands.launchExperimentSchema),
  CancelExperiment: command(commands.cancelExperimentSchema),
  RegisterApplication: command(commands.registerApplicationSchema),
  RegisterDataProduct: command(commands.registerDataProductSchema),
} as const;

export const EXPERIMENT_EVENT_TYPES = {
  ExperimentCreated: byMetadata(experiment.experimentCreatedSchema),
  ExperimentRejected: byMetadata(experiment.experimentRejectedSchema),
  ExperimentValidated: byMetadata(experiment.experimentValidatedSchema),
  ExperimentLaunched: byMetadata(experiment.experimentLaunchedSchema),
  ExperimentExecutionStarted: byMetadata(experiment.experimentExecutionStartedSchema),
  ExperimentCancelRequested: byMetadata(experiment.experimentCancelRequestedSchema),
  ExperimentCompleted: byMetadata(experiment.experimentCompletedSchema),
  ExperimentFailed: byMetadata(experiment.experimentFailedSchema),
  ExperimentCanceled: byMetadata(experiment.experimentCanceledSchema),
} as const;

export const PROCESS_EVENT_TYPES = {
  ProcessAccepted: byManager(process.processAcceptedSchema),
  ProcessTakenOver: byManager(process.processTakenOverSchema),
  ProcessCompleted: byManager(process.processCompletedSchema),
  ProcessFailed: byManager(process.processFailedSchema),
  ProcessCanceled: byManager(process.processCanceledSchema),
  TaskStarted: byManager(process.taskStartedSchema),
  TaskCompleted: byManager(process.taskCompletedSchema),
  TaskFailed: byManager(process.taskFailedSchema),
  InputStaged: byManager(process.inputStagedSchema),
  OutputStaged: byManager(process.outputStagedSchema),
  JobLaunchIntended: byManager(process.jobLaunchIntendedSchema),
  JobSubmitted: byManager(process.jobSubmittedSchema),
  JobSubmissionRejected: byManager(process.jobSubmissionRejectedSchema),
  JobLaunchUnknown: byManager(process.jobLaunchUnknownSchema),
  JobAttemptRevoked: byManager(process.jobAttemptRevokedSchema),
  JobActivated: byManager(process.jobActivatedSchema),
  JobExited: byManager(process.jobExitedSchema),
  JobLost: byManager(process.jobLostSchema),
} as const;

export const CATALOG_EVENT_TYPES = {
  ApplicationRegistered: ofCatalog(catalog.applicationRegisteredSchema),
  DataProductRegistered: ofCatalog(catalog.dataProductRegisteredSchema),
} as const;

const OTHER_TYPES = {
  SchedulerObserved: observation(observations.schedulerObservedSchema),
  ExitRecordObserved: observation(observations.exitRecordObservedSchema),
  StartRecordObserved: observation(observations.startRecordObservedSchema),
  OwnershipObserved: observation(observations.ownershipObservedSchema),
  EffectObserved: observation(observations.effectObservedSchema),
  OutputChunk: output(observations.outputChunkSchema),
  GetExperiment: query(QUERIES.GetExperiment.request),
  ListExperiments: query(QUERIES.ListExperiments.request),
  ListEvents: query(QUERIES.ListEvents.request),
  GetApplication: query(QUERIES.GetApplication.request),
  ListApplications: query(QUERIES.ListApplications.request),
  GetDataProduct: query(QUERIES.GetDataProduct.request),
  CommandReplied: reply(replies.commandRepliedSchema),
  QueryReplied: reply(replies.queryRepliedSchema),
} as const;

export const MESSAGE_TYPES = {
  ...COMMAND_TYPES,
  ...EXPERIMENT_EVENT_TYPES,
  ...PROCESS_EVENT_TYPES,
  ...CATALOG_EVENT_TYPES,
  ...OTHER_TYPES,
} as const satisfies Record<string, MessageTypeDefinition>;

export type MessageType = keyof typeof MESSAGE_TYPES;
export type CommandType = keyof typeof COMMAND_TYPES;
export type ExperimentOwnEventType = keyof typeof EXPERIMENT_EVENT_TYPES;
export type ProcessEventType = keyof typeof PROCESS_EVENT_TYPES;
/** What the history of an experiment is made of. */
export type HistoryEventType = ExperimentOwnEventType | ProcessEventType;
export type CatalogEventType = keyof typeof CATALOG_EVENT_TYPES;

/** As read: defaults are filled in. */
export type Payload<Type extends MessageType> = z.output<(typeof MESSAGE_TYPES)[Type]['payload']>;
/** As written: what has a default may be left out. */
export type PayloadInput<Type extends MessageType> = z.input<(typeof MESSAGE_TYPES)[Type]['payload']>;

export function isMessageType(type: string): type is MessageType {
  return Object.hasOwn(MESSAGE_TYPES, type);
}

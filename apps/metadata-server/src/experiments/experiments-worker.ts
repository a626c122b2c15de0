/**
 * The experiments decider at work: from `tidemark.commands`, and from the facts that the Application Manager writes, to
 * `tidemark.experiments`. It is also the one that reports rubbish among the commands.
 */
import {
  COMMANDS_TOPIC,
  type CommandReply,
  EXPERIMENT_ID_PATTERN,
  EXPERIMENTS_TOPIC,
  type FoldOutcome,
  formatPosition,
  formatRecordReference,
  formatTime,
  isHistoryMessage,
  type Message,
  partitionKey,
  type Problem,
} from '@tidemark/contracts';
import { type FoldedEvent, PartitionWorker, type SettledOutcome, type TopicRecord } from '@tidemark/service';
import type { CatalogTail } from '../catalog/catalog-tail.js';
import {
  deadReply,
  outgoing,
  readCommand,
  readEvent,
  replyMessage,
  UnreadableRecord,
} from '../hosting/command-records.js';
import type { ExperimentsCommand, ExperimentsReply, Request, UserCommand } from './experiments-command.js';
import { experimentsDecider } from './experiments-decider.js';
import type { ExperimentsEvent, ExperimentsState } from './experiments-state.js';
import type { ServiceContext } from '../hosting/service-context.js';
import { type OwnedExperiments, Settling } from './settling.js';

export const EXPERIMENTS_GROUP = 'metadata-server';

/** How long a request for an experiment waits for the catalog to come as far as its sender had seen it. */
const CATALOG_WAIT_MS = 5_000;

export type ExperimentsWorker = PartitionWorker<
  ExperimentsState,
  ExperimentsCommand,
  ExperimentsEvent,
  ExperimentsReply,
  Problem
>;

export interface ExperimentsWorkerOptions extends ServiceContext {
  readonly catalog: CatalogTail;
  /** What became of each event of the partitions owned, once their history was read. */
  readonly onOutcome?: (outcome: FoldOutcome, type: string) => void;
}

export function startExperimentsWorker(options: ExperimentsWorkerOptions): Promise<ExperimentsWorker> {
  const { catalog, onOutcome, ...context } = options;
  const settling = new Settling(context.clock);
  const now = (): string => formatTime(context.clock.now());
  const ready = new Map<number, OwnedExperiments>();
  const folded = ({
    partition,
    event,
    state,
    live,
  }: FoldedEvent<ExperimentsState, ExperimentsEvent>): void => {
    if (!live) return;
    if (state.lastOutcome !== undefined) onOutcome?.(state.lastOutcome, event.message.type);
    const owned = ready.get(partition);
    if (owned !== undefined) settling.one(owned, event.message.key);
  };
  return PartitionWorker.start<
    ExperimentsState,
    ExperimentsCommand,
    ExperimentsEvent,
    ExperimentsReply,
    Problem
  >({
    ...context,
    group: EXPERIMENTS_GROUP,
    decider: experimentsDecider,
    keyOf: (command) => (command.kind === 'settle' ? command.experimentId : command.message.key),
    log: {
      topic: EXPERIMENTS_TOPIC,
      encode: ({ message }) => outgoing(message),
      decode: experimentsEventOf,
    },
    inputs: [
      {
        topic: COMMANDS_TOPIC,
        decode: (record) => requestOf(record, now()),
        before: (command) => lookUp(command, catalog),
        respond: (_command, outcome, record) => replyMessage(replyOf(outcome, record.partition)),
        respondFailed: (_record, error) => deadReply(error),
      },
    ],
    onFolded: folded,
    onReady: (owned) => {
      ready.set(owned.partition, owned);
      settling.all(owned);
    },
    onRevoked: (partition) => ready.delete(partition),
  });
}

function experimentsEventOf(record: TopicRecord): ExperimentsEvent | undefined {
  const message = readEvent(record);
  if (message === undefined) throw new UnreadableRecord('the record has no value');
  if (!isHistoryMessage(message))
    throw new UnreadableRecord(`${message.type} does not belong into the history`);
  if (!EXPERIMENT_ID_PATTERN.test(message.key)) throw new UnreadableRecord('the key is no experiment id');
  return { message, partition: record.partition };
}

/** Nothing for the catalog's commands. Throws for what is no command at all. */
function requestOf(record: TopicRecord, time: string): Request | undefined {
  const message = readCommand(record);
  if (message instanceof UnreadableRecord) throw message;
  if (!isUserCommand(message)) return undefined;
  if (message.key !== message.payload.experimentId) {
    throw new UnreadableRecord(`${message.type} lies under a key that is not its own`);
  }
  return {
    kind: 'request',
    message,
    partition: record.partition,
    cause: formatRecordReference(record),
    time,
  };
}

function isUserCommand(message: Message): message is UserCommand {
  return (
    message.type === 'CreateExperiment' ||
    message.type === 'LaunchExperiment' ||
    message.type === 'CancelExperiment'
  );
}

async function lookUp(command: ExperimentsCommand, catalog: CatalogTail): Promise<void> {
  if (command.kind !== 'request' || command.message.type !== 'CreateExperiment') return;
  const { payload, gateway } = command.message;
  command.catalog = await catalog.viewAt(payload.catalogPosition, gateway, CATALOG_WAIT_MS);
}

function replyOf(outcome: SettledOutcome<ExperimentsReply, Problem>, partition: number): CommandReply {
  const position = formatPosition(new Map([[partitionKey(EXPERIMENTS_TOPIC, partition), outcome.position]]));
  if ('rejected' in outcome) return { problem: outcome.rejected, position };
  const { reply } = outcome;
  if ('problem' in reply) return { problem: reply.problem, position };
  return { result: { kind: 'experiment', ...reply }, position };
}

/**
 * The catalog decider at work: commands that register something, from `tidemark.commands` to `tidemark.catalog`.
 */
import {
  applicationKey,
  CATALOG_TOPIC,
  type CatalogState,
  COMMANDS_TOPIC,
  dataProductKey,
  formatPosition,
  formatRecordReference,
  formatTime,
  isCatalogMessage,
  isUnderItsKey,
  type Message,
  partitionKey,
  type Problem,
} from '@tidemark/contracts';
import { PartitionWorker, type TopicRecord } from '@tidemark/service';
import {
  deadReply,
  outgoing,
  readCommand,
  readEvent,
  replyMessage,
  UnreadableRecord,
} from '../hosting/command-records.js';
import type { ServiceContext } from '../hosting/service-context.js';
import {
  type CatalogCommand,
  catalogDecider,
  type CatalogEvent,
  type CatalogReply,
} from './catalog-decider.js';

export const CATALOG_GROUP = 'metadata-server-catalog';

export type CatalogWorker = PartitionWorker<
  CatalogState,
  CatalogCommand,
  CatalogEvent,
  CatalogReply,
  Problem
>;

export function startCatalogWorker(context: ServiceContext): Promise<CatalogWorker> {
  return PartitionWorker.start<CatalogState, CatalogCommand, CatalogEvent, CatalogReply, Problem>({
    ...context,
    group: CATALOG_GROUP,
    decider: catalogDecider,
    keyOf: ({ message }) => message.key,
    log: {
      topic: CATALOG_TOPIC,
      encode: ({ message }) => outgoing(message),
      decode: (record) => catalogEventOf(record),
    },
    inputs: [
      {
        topic: COMMANDS_TOPIC,
        decode: (record) => catalogCommandOf(record, formatTime(context.clock.now())),
        respond: (_command, outcome, record) => {
          const position = positionAt(record.partition, outcome.position);
          const answer = 'rejected' in outcome ? { problem: outcome.rejected } : outcome.reply;
          return replyMessage({ ...answer, position });
        },
        respondFailed: (_record, error) => deadReply(error),
      },
    ],
  });
}

function catalogEventOf(record: TopicRecord): CatalogEvent | undefined {
  const message = readEvent(record);
  if (message === undefined) return undefined;
  if (!isCatalogMessage(message))
    throw new UnreadableRecord(`${message.type} does not belong into the catalog`);
  if (!isUnderItsKey(message))
    throw new UnreadableRecord(`${message.type} lies under the key of something else`);
  return { message, partition: record.partition };
}

/** Nothing for the other decider's commands, and for rubbish, which the other decider reports. */
function catalogCommandOf(record: TopicRecord, time: string): CatalogCommand | undefined {
  const message = readCommand(record);
  if (message instanceof UnreadableRecord || !isCatalogCommand(message)) return undefined;
  if (message.key !== keyOf(message))
    throw new UnreadableRecord(`${message.type} lies under a key that is not its own`);
  return { message, partition: record.partition, cause: formatRecordReference(record), time };
}

function isCatalogCommand(message: Message): message is CatalogCommand['message'] {
  return message.type === 'RegisterApplication' || message.type === 'RegisterDataProduct';
}

function keyOf(message: CatalogCommand['message']): string {
  return message.type === 'RegisterApplication'
    ? applicationKey(message.payload.application.name)
    : dataProductKey(message.payload.dataProduct.id);
}

function positionAt(partition: number, next: number): string {
  return formatPosition(new Map([[partitionKey(CATALOG_TOPIC, partition), next]]));
}

/**
 * Between records and the deciders: which record is whose command, what is rubbish, and how answers are written. Shared
 * by the two workers, each of which passes over the other's commands.
 */
import {
  COMMAND_TYPES,
  type CommandReply,
  type CommandType,
  type Decoded,
  decode,
  encode,
  type Message,
  type Problem,
} from '@tidemark/contracts';
import type { OutgoingRecord, ReplyMessage, TopicRecord } from '@tidemark/service';

/** A record that no version of us will ever understand, or that lies under a key that is not its own. */
export class UnreadableRecord extends Error {
  override readonly name = 'UnreadableRecord';
}

/** The command in a record, or why there is none; thrown, it sends the record to the dead letters. */
export function readCommand(record: TopicRecord): Message<CommandType> | UnreadableRecord {
  const decoded = decode(record);
  if (decoded.kind !== 'message') return new UnreadableRecord(reasonOf(decoded));
  const { message } = decoded;
  if (!isCommand(message)) return new UnreadableRecord(`${message.type} is not a command`);
  return message;
}

/** The message in a record of a decider's own log; throws when it cannot be understood. */
export function readEvent(record: TopicRecord): Message | undefined {
  const decoded = decode(record);
  if (decoded.kind === 'message') return decoded.message;
  // A deleted key of the compacted catalog says nothing to a fold of whole states.
  if (decoded.kind === 'tombstone') return undefined;
  throw new UnreadableRecord(reasonOf(decoded));
}

export function outgoing(message: Message): OutgoingRecord {
  return encode(message);
}

export function replyMessage(reply: CommandReply): ReplyMessage {
  return {
    value: JSON.stringify(reply),
    headers: { 'content-type': 'application/json', type: 'CommandReplied' },
  };
}

/** The answer to whoever sent what went to the dead letters. */
export function deadReply(error: Error): ReplyMessage {
  const problem: Problem =
    error instanceof UnreadableRecord
      ? { code: 'malformed', detail: error.message.slice(0, 2000) }
      : { code: 'internal', detail: 'the command could not be processed; it is in the dead letters' };
  return replyMessage({ problem, position: '' });
}

function isCommand(message: Message): message is Message<CommandType> {
  return Object.hasOwn(COMMAND_TYPES, message.type);
}

function reasonOf(decoded: Exclude<Decoded, { kind: 'message' }>): string {
  switch (decoded.kind) {
    case 'malformed':
      return decoded.error;
    case 'unknown-type':
      return `there is no message type ${JSON.stringify(decoded.type)}`;
    case 'newer-version':
      return `${decoded.type} has version ${decoded.version}, which this release does not know`;
    case 'tombstone':
      return 'the record has no value';
  }
}

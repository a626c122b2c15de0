/**
 * `partition.metadata`: which topic the directory of a partition belongs to, by id, so that the directory of a
 * deleted topic is not taken for that of a new one of the same name. Source: Kafka's `PartitionMetadataFile`.
 */
import { DiskError, readFully, type Disk } from '@tidemark/platform';
import { LogError } from '../log-error.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function topicIdText(topicId: string): string {
  return `version: 0\ntopic_id: ${uuidToBase64(topicId)}`;
}

/** The topic id in 36 characters; nothing when there is no such file. Throws `LogError('corrupt')`. */
export function readTopicId(disk: Disk, directory: string): string | undefined {
  const path = `${directory}/partition.metadata`;
  let text: string;
  try {
    text = Buffer.from(readFully(disk, path)).toString('utf8');
  } catch (error) {
    if (error instanceof DiskError && error.code === 'not-found') return undefined;
    throw error;
  }
  const id = /^version: 0\ntopic_id: ([A-Za-z0-9_-]{22})\n?$/.exec(text)?.[1];
  if (id === undefined) throw new LogError('corrupt', `${path}: cannot be read`);
  return uuidFromBase64(id);
}

export function uuidToBase64(uuid: string): string {
  if (!UUID.test(uuid)) throw new LogError('corrupt', `"${uuid}" is no topic id`);
  return Buffer.from(uuid.replaceAll('-', ''), 'hex').toString('base64url');
}

function uuidFromBase64(text: string): string {
  const hex = Buffer.from(text, 'base64url').toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

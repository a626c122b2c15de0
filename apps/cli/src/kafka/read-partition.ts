/**
 * Reads a partition from its start to the end that it had when it was asked, batch after batch. Holds one answer's
 * bytes at a time.
 */
import {
  batchLastOffset,
  batchSizeBytes,
  checkBatch,
  fetchApi,
  isControl,
  readBatchRecords,
  BATCH_HEADER_BYTES,
  type StoredRecord,
} from '@tidemark/wire';
import { Fault } from '../console/fault.js';
import { assertNoError, type ClusterClient, type PartitionInfo } from './cluster-client.js';

const MAX_BYTES = 8 * 1024 * 1024;
const WAIT_MS = 500;
/** Answers without a single record in a row, before we say that the log does not go on. */
const EMPTY_ANSWERS_MAX = 20;

export interface PartitionRange {
  readonly topic: string;
  readonly partition: PartitionInfo;
  readonly from: number;
  /** Offset after the last record to read. */
  readonly to: number;
}

/** Rejects with a `Fault` when the broker refuses or sends damaged bytes. */
export async function* readPartition(
  cluster: ClusterClient,
  range: PartitionRange,
): AsyncGenerator<StoredRecord[]> {
  let next = range.from;
  let emptyAnswers = 0;
  while (next < range.to) {
    const bytes = await fetchFrom(cluster, range, next);
    const before = next;
    const records: StoredRecord[] = [];
    for (let at = 0; bytes.length - at >= BATCH_HEADER_BYTES; at += batchSizeBytes(bytes, at)) {
      const available = bytes.length - at;
      // The last batch of an answer may be cut where the answer's size was reached.
      if (batchSizeBytes(bytes, at) > available) break;
      const damage = checkBatch(bytes, at, available);
      if (damage !== undefined) throw new Fault(`${name(range)}@${next}: ${damage}`);
      if (!isControl(bytes, at)) {
        for (const record of readBatchRecords(bytes, at)) {
          if (record.offset >= next && record.offset < range.to) records.push(record);
        }
      }
      next = Math.max(next, batchLastOffset(bytes, at) + 1);
    }
    if (records.length > 0) yield records;
    emptyAnswers = next > before ? 0 : emptyAnswers + 1;
    if (emptyAnswers > EMPTY_ANSWERS_MAX) throw new Fault(`${name(range)} does not go on at offset ${next}`);
  }
}

const name = ({ topic, partition }: PartitionRange): string => `${topic}/${partition.partition}`;

async function fetchFrom(cluster: ClusterClient, range: PartitionRange, offset: number): Promise<Uint8Array> {
  const answer = await cluster.call(
    range.partition.leader,
    fetchApi,
    {
      replicaId: -1,
      maxWaitMs: WAIT_MS,
      minBytes: 1,
      maxBytes: MAX_BYTES,
      isolationLevel: 1,
      topics: [
        {
          topic: range.topic,
          partitions: [
            { partition: range.partition.partition, fetchOffset: offset, partitionMaxBytes: MAX_BYTES },
          ],
        },
      ],
    },
    // Later versions name topics by id.
    12,
  );
  assertNoError(answer.errorCode, name(range));
  const partition = answer.responses[0]?.partitions[0];
  if (partition === undefined) throw new Fault(`${name(range)} is missing in the broker's answer`);
  assertNoError(partition.errorCode, name(range));
  return partition.records ?? new Uint8Array();
}

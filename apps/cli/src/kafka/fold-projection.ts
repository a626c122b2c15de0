/**
 * A fresh fold of the projection's topics by the CLI itself, from the first record to the end that each partition
 * had at the start: the yardstick for the databases of the Metadata Servers. Keeps all rows in memory.
 */
import {
  formatPosition,
  hashOfFold,
  MetadataFold,
  METADATA_PROJECTION,
  METADATA_TOPICS,
  type ProjectedRecord,
} from '@tidemark/contracts';
import type { StoredRecord } from '@tidemark/wire';
import { EARLIEST, LATEST, type ClusterClient } from './cluster-client.js';
import { readPartition } from './read-partition.js';

export interface FoldedProjection {
  readonly projection: string;
  readonly version: number;
  readonly rows: number;
  readonly position: string;
  readonly hash: string;
  readonly records: number;
}

/** `onProgress` is called now and then with the records read so far and all there are. */
export async function foldProjection(
  cluster: ClusterClient,
  onProgress: (done: number, total: number) => void,
): Promise<FoldedProjection> {
  const topics = await cluster.topics(METADATA_TOPICS);
  const starts = await cluster.offsets(topics, EARLIEST);
  const ends = await cluster.offsets(topics, LATEST);
  const total = [...ends].reduce((sum, [key, end]) => sum + end - (starts.get(key) ?? 0), 0);
  const fold = new MetadataFold();
  let records = 0;
  for (const topic of topics) {
    for (const partition of topic.partitions) {
      const key = `${topic.name}/${partition.partition}`;
      const range = { topic: topic.name, partition, from: starts.get(key) ?? 0, to: ends.get(key) ?? 0 };
      for await (const batch of readPartition(cluster, range)) {
        fold.apply(batch.map((record) => projected(topic.name, partition.partition, record)));
        records += batch.length;
        onProgress(records, total);
      }
    }
  }
  return {
    projection: METADATA_PROJECTION.name,
    version: METADATA_PROJECTION.version,
    rows: fold.rowCount,
    position: formatPosition(ends),
    hash: hashOfFold(fold),
    records,
  };
}

function projected(topic: string, partition: number, record: StoredRecord): ProjectedRecord {
  const headers = new Map<string, Uint8Array>();
  for (const { key, value } of record.headers) {
    // A header may be repeated: the first counts.
    if (value !== null && !headers.has(key)) headers.set(key, value);
  }
  return { topic, partition, offset: record.offset, key: record.key, value: record.value, headers };
}

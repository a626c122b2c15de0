// Everything that a consumer sees of one partition, from its start to its high watermark.
import { ErrorCode, fetchApi, readRecords } from '@tidemark/wire';
import { WireConnection } from './wire-connection.js';

export interface SeenRecord {
  readonly offset: number;
  readonly value: string;
}

const FETCH_VERSION = 11;
const BYTES_MAX = 4 * 1024 * 1024;

export async function readPartition(address: string, topic: string, partition = 0): Promise<SeenRecord[]> {
  const connection = await WireConnection.open(address);
  const seen: SeenRecord[] = [];
  try {
    for (let fetchOffset = 0; ;) {
      const answer = await connection.request(fetchApi, FETCH_VERSION, {
        replicaId: -1,
        maxWaitMs: 0,
        minBytes: 1,
        maxBytes: BYTES_MAX,
        isolationLevel: 0,
        sessionId: 0,
        sessionEpoch: -1,
        topics: [
          {
            topic,
            partitions: [
              {
                partition,
                currentLeaderEpoch: -1,
                fetchOffset,
                logStartOffset: -1,
                partitionMaxBytes: BYTES_MAX,
              },
            ],
          },
        ],
        forgottenTopicsData: [],
        rackId: '',
      });
      const found = answer.responses[0]?.partitions[0];
      if (found?.errorCode !== ErrorCode.NONE) throw new Error(`fetch: error ${found?.errorCode}`);
      for (const record of readRecords(found.records ?? new Uint8Array())) {
        if (record.offset < fetchOffset) continue;
        seen.push({ offset: record.offset, value: Buffer.from(record.value ?? []).toString() });
      }
      const next = (seen.at(-1)?.offset ?? -1) + 1;
      if (next >= found.highWatermark || next === fetchOffset) return seen;
      fetchOffset = next;
    }
  } finally {
    connection.close();
  }
}

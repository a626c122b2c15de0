/**
 * Fills a partition with numbers and looks at what can be read of it, damage included: which numbers there are at
 * which offsets, and at which offsets the broker answers with an error instead.
 */
import { buildBatch, ErrorCode, fetchApi, metadataApi, produceApi, readRecords } from '@tidemark/wire';
import { eventually } from '../harness/eventually.js';
import { WireConnection } from '../harness/wire-connection.js';

const RECORDS_PER_BATCH = 5;
/** Padding that makes a batch about two kilobytes. */
const PADDING = 'x'.repeat(400);

export interface Survey {
  /** The number at each offset. */
  readonly numbers: ReadonlyMap<number, number>;
  /** The error at each offset that cannot be read. */
  readonly errors: ReadonlyMap<number, ErrorCode>;
  readonly end: number;
}

export async function untilLeader(connection: WireConnection, topic: string): Promise<void> {
  const request = { topics: [{ name: topic }], allowAutoTopicCreation: true };
  await eventually(
    async () => (await connection.request(metadataApi, 4, request)).topics[0]?.errorCode === ErrorCode.NONE,
  );
}

/** Appends batches of the numbers from `first` on; resolves with the first that was not acknowledged, and why not. */
export async function fill(
  connection: WireConnection,
  topic: string,
  first: number,
  batches: number,
): Promise<{ next: number; error: ErrorCode }> {
  for (let next = first; next < first + batches * RECORDS_PER_BATCH; next += RECORDS_PER_BATCH) {
    const records = Array.from({ length: RECORDS_PER_BATCH }, (_, index) => ({
      key: null,
      value: Buffer.from(`${next + index} ${PADDING}`),
    }));
    const answer = await connection.request(produceApi, 7, {
      transactionalId: null,
      acks: -1,
      timeoutMs: 10_000,
      topicData: [
        {
          name: topic,
          partitionData: [{ index: 0, records: buildBatch(records, { timestamp: Date.now() }) }],
        },
      ],
    });
    const error = answer.responses[0]?.partitionResponses[0]?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR;
    if (error !== ErrorCode.NONE) return { next, error: error as ErrorCode };
  }
  return { next: first + batches * RECORDS_PER_BATCH, error: ErrorCode.NONE };
}

export async function survey(address: string, topic: string): Promise<Survey> {
  const connection = await WireConnection.open(address);
  const numbers = new Map<number, number>();
  const errors = new Map<number, ErrorCode>();
  try {
    for (let offset = 0; ;) {
      const { error, highWatermark, records } = await fetchFrom(connection, topic, offset);
      if (error !== ErrorCode.NONE) {
        errors.set(offset, error);
        if (error !== ErrorCode.CORRUPT_MESSAGE) return { numbers, errors, end: offset };
        offset += 1;
        continue;
      }
      if (offset >= highWatermark) return { numbers, errors, end: offset };
      const seen = [...readRecords(records)].filter((record) => record.offset >= offset);
      if (seen.length === 0) throw new Error(`nothing at ${offset} below ${highWatermark}`);
      for (const record of seen) {
        numbers.set(
          record.offset,
          Number(
            Buffer.from(record.value ?? [])
              .toString()
              .split(' ')[0],
          ),
        );
      }
      offset = (seen.at(-1)?.offset ?? offset) + 1;
    }
  } finally {
    connection.close();
  }
}

async function fetchFrom(
  connection: WireConnection,
  topic: string,
  fetchOffset: number,
): Promise<{ error: ErrorCode; highWatermark: number; records: Uint8Array }> {
  const limits = { partitionMaxBytes: 1_000_000, currentLeaderEpoch: -1, logStartOffset: -1 };
  const answer = await connection.request(fetchApi, 11, {
    replicaId: -1,
    maxWaitMs: 0,
    minBytes: 0,
    maxBytes: 1_000_000,
    isolationLevel: 0,
    sessionId: 0,
    sessionEpoch: -1,
    topics: [{ topic, partitions: [{ partition: 0, fetchOffset, ...limits }] }],
    forgottenTopicsData: [],
    rackId: '',
  });
  const found = answer.responses[0]?.partitions[0];
  return {
    error: (found?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR) as ErrorCode,
    highWatermark: found?.highWatermark ?? -1,
    records: found?.records ?? new Uint8Array(),
  };
}

// Batches to many partitions of a topic by one connection, for suites that need records to be there, or want to know
// whether a leader takes them.
import { buildBatch, ErrorCode, produceApi } from '@tidemark/wire';
import type { WireConnection } from './wire-connection.js';

const VERSION = 9;

/** One record to each partition, acknowledged by all in sync; answers the partitions that refused. */
export async function produceOneTo(
  connection: WireConnection,
  topic: string,
  partitions: readonly number[],
  timeoutMs = 5_000,
): Promise<number[]> {
  const records = buildBatch([{ key: null, value: Buffer.from('one'), headers: [] }], {
    timestamp: Date.now(),
  });
  const answer = await connection.request(produceApi, VERSION, {
    transactionalId: null,
    acks: -1,
    timeoutMs,
    topicData: [{ name: topic, partitionData: partitions.map((index) => ({ index, records })) }],
  });
  const answers = answer.responses[0]?.partitionResponses ?? [];
  const taken = new Set(
    answers.filter(({ errorCode }) => errorCode === ErrorCode.NONE).map(({ index }) => index),
  );
  return partitions.filter((partition) => !taken.has(partition));
}

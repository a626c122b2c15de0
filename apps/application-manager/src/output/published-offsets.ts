/**
 * How far each stream of a running job is in `tidemark.output`. Beside the job lies a note of what was acknowledged:
 * the stream's offset and the last record's. Whoever takes the job over reads the topic from that record on, because what
 * was on its way when its predecessor died may have arrived; then nothing is left out and nothing written twice.
 */
import { decode, OUTPUT_TOPIC, partitionKey, type OutputStream, type Payload } from '@tidemark/contracts';
import type { Topics } from '@tidemark/service';
import { z } from 'zod';
import { JOB_FILES, parseRecord, RECORD_BYTES_MAX } from '../jobs/job-records.js';
import type { Transport } from '../launchers/transport.js';

/** Name within the wrapper's folder. */
const NOTE = `${JOB_FILES}/published.json`;

const noteSchema = z.object({
  /** Reading goes on here: the offset behind the last record known to be in the topic. */
  nextRecord: z.int().min(0),
  stdout: z.int().min(0),
  stderr: z.int().min(0),
});

export interface PublishedOffsets extends Record<OutputStream, number> {
  nextRecord: number;
}

/** Nothing when this job has not published anything, and is not about to. */
export async function readNote(transport: Transport, token: string): Promise<PublishedOffsets | undefined> {
  return parseRecord(noteSchema, await transport.read(token, NOTE, 0, RECORD_BYTES_MAX));
}

export async function writeNote(
  transport: Transport,
  token: string,
  offsets: PublishedOffsets,
): Promise<void> {
  const text = JSON.stringify(offsets);
  await transport.put(token, NOTE, oneChunk(text), { mode: 0o600 });
}

async function* oneChunk(text: string): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  yield new TextEncoder().encode(text);
}

/** Reads what is in the partition behind each job's note, and moves the offsets to where the topic really is. */
export async function completeOffsets(
  topics: Topics,
  partition: number,
  noted: ReadonlyMap<string, PublishedOffsets>,
): Promise<void> {
  if (noted.size === 0) return;
  const here = partitionKey(OUTPUT_TOPIC, partition);
  const positions = new Map(await topics.ends(OUTPUT_TOPIC));
  const from = Math.min(...[...noted.values()].map((offsets) => offsets.nextRecord));
  if (from >= (positions.get(here) ?? 0)) return;
  positions.set(here, from);
  const tail = await topics.tail({
    topics: [OUTPUT_TOPIC],
    purpose: `output-${partition}`,
    from: positions,
    onBatch: (batch) => {
      for (const record of batch.records) {
        const decoded = decode(record);
        if (decoded.kind !== 'message' || decoded.message.type !== 'OutputChunk') continue;
        advance(noted, decoded.message.payload, record.offset + 1);
      }
    },
  });
  try {
    await tail.caughtUp;
  } finally {
    await tail.close();
  }
}

function advance(
  noted: ReadonlyMap<string, PublishedOffsets>,
  chunk: Payload<'OutputChunk'>,
  nextRecord: number,
): void {
  const offsets = noted.get(chunk.token);
  if (offsets === undefined) return;
  const end = chunk.offset + Buffer.byteLength(chunk.bytes, 'base64');
  offsets[chunk.stream] = Math.max(offsets[chunk.stream], end);
  offsets.nextRecord = Math.max(offsets.nextRecord, nextRecord);
}

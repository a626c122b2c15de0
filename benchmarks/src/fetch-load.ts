/**
 * Fetch load on a broker: prebuilt Fetch requests for the newest batches of one partition, round and round, so that
 * they are answered from memory. Every answer is checked to hold the bytes asked for.
 */
import type { Address } from '@tidemark/platform';
import { ByteWriter, encodeRequest, fetchApi, writeFrame, writeRequestHeader } from '@tidemark/wire';
import { PipelinedClient, type Frames } from './pipelined-client.js';
import type { LoadResult } from './produce-load.js';

export interface FetchLoad {
  readonly address: Address;
  readonly topic: string;
  /** Where the batches begin that are read, and how large each of them is. */
  readonly offsets: readonly number[];
  readonly batchBytes: number;
  readonly requests: number;
  readonly inFlightMax: number;
}

const VERSION = 11;

function fetchFrame(load: FetchLoad, fetchOffset: number): Buffer {
  const writer = new ByteWriter();
  writeFrame(writer, () => {
    writeRequestHeader(writer, fetchApi, { apiVersion: VERSION, correlationId: 1, clientId: 'load' });
    encodeRequest(fetchApi, VERSION, writer, {
      maxWaitMs: 500,
      minBytes: 1,
      maxBytes: load.batchBytes,
      topics: [
        {
          topic: load.topic,
          partitions: [{ partition: 0, fetchOffset, partitionMaxBytes: load.batchBytes }],
        },
      ],
    });
  });
  return Buffer.from(writer.written());
}

export async function runFetchLoad(load: FetchLoad): Promise<LoadResult> {
  const frames = load.offsets.map((offset) => fetchFrame(load, offset));
  let sent = 0;
  let bytes = 0;
  const nextFrames = (): Frames | undefined => {
    const frame = frames[sent % frames.length];
    if (frame === undefined || sent === load.requests) return undefined;
    sent += 1;
    return { bytes: frame, count: 1 };
  };
  const onAnswer = (_bytes: Buffer, start: number, end: number): void => {
    if (end - start < load.batchBytes) throw new Error(`answer of ${end - start} bytes holds no batch`);
    bytes += load.batchBytes;
  };
  const started = process.hrtime.bigint();
  await PipelinedClient.run(load.address, { nextFrames, onAnswer, inFlightMax: load.inFlightMax });
  return { requests: load.requests, seconds: Number(process.hrtime.bigint() - started) / 1e9, bytes };
}

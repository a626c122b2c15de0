/**
 * Produce load on a broker (or on the bare server, which understands the same frames): prebuilt Produce requests over
 * pipelined connections for a given time, or a given number of them. Answers are checked for their error code where
 * the server is a broker. The client never builds a batch while it measures, so that it measures the server.
 */
import type { Address } from '@tidemark/platform';
import {
  ByteWriter,
  buildBatch,
  encodeRequest,
  produceApi,
  writeFrame,
  writeRequestHeader,
} from '@tidemark/wire';
import { PipelinedClient, type Frames } from './pipelined-client.js';

export interface ProduceLoad {
  readonly address: Address;
  readonly topic: string;
  readonly connections: number;
  readonly inFlightMax: number;
  readonly recordBytes: number;
  readonly recordsPerBatch: number;
  readonly acks: -1 | 1;
  /** Stops after so many requests, all connections together. */
  readonly requests: number;
  /** The bare server's answers carry no error code. */
  readonly checked: boolean;
}

export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  /** Of record batches. */
  readonly bytes: number;
}

const VERSION = 7;
const CLIENT_ID = 'load';
/** Small frames leave together, as a client with many producers would send them. */
const COALESCED_BYTES_MAX = 4096;

/** A Produce request of one batch of random records, ready to be sent. */
export function produceFrame(load: Pick<ProduceLoad, 'topic' | 'recordBytes' | 'recordsPerBatch' | 'acks'>): {
  frame: Buffer;
  batchBytes: number;
} {
  const value = (seed: number): Buffer => Buffer.alloc(load.recordBytes, `${seed}-tidemark-`);
  const records = Array.from({ length: load.recordsPerBatch }, (_, index) => ({
    key: null,
    value: value(index),
  }));
  const batch = buildBatch(records, { timestamp: Date.now() });
  const writer = new ByteWriter({ initialBytes: batch.length + 256 });
  writeFrame(writer, () => {
    writeRequestHeader(writer, produceApi, { apiVersion: VERSION, correlationId: 1, clientId: CLIENT_ID });
    encodeRequest(produceApi, VERSION, writer, {
      acks: load.acks,
      timeoutMs: 30_000,
      topicData: [{ name: load.topic, partitionData: [{ index: 0, records: batch }] }],
    });
  });
  return { frame: Buffer.from(writer.written()), batchBytes: batch.length };
}

export async function runProduceLoad(load: ProduceLoad): Promise<LoadResult> {
  const { frame, batchBytes } = produceFrame(load);
  let toSend = load.requests;
  const together = frame.length < COALESCED_BYTES_MAX ? load.inFlightMax : 1;
  const copies = Buffer.concat(Array.from({ length: together }, () => frame));
  const nextFrames = (max: number): Frames | undefined => {
    const count = Math.min(max, together, toSend);
    toSend -= count;
    return count === 0 ? undefined : { bytes: copies.subarray(0, count * frame.length), count };
  };
  const onAnswer = load.checked ? checkAnswer(load.topic) : () => undefined;
  const started = process.hrtime.bigint();
  await Promise.all(
    Array.from({ length: load.connections }, () =>
      PipelinedClient.run(load.address, { nextFrames, onAnswer, inFlightMax: load.inFlightMax }),
    ),
  );
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  return { requests: load.requests, seconds, bytes: load.requests * batchBytes };
}

/** The error code of a version 7 answer for one topic and one partition lies at a fixed place. */
function checkAnswer(topic: string): (bytes: Buffer, start: number) => void {
  const errorAt = 4 + 4 + 2 + Buffer.byteLength(topic) + 4 + 4;
  return (bytes, start) => {
    const error = bytes.readInt16BE(start + errorAt);
    if (error !== 0) throw new Error(`produce failed with error ${error}`);
  };
}

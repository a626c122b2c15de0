/**
 * What running jobs have written so far: tails `tidemark.output` and keeps a bounded buffer for each job's streams, the
 * jobs that wrote longest ago leaving first. Once a job's output is a data product nobody asks here any more.
 */
import { decode, OUTPUT_TOPIC, type OutputStream } from '@tidemark/contracts';
import type { Tail, TopicRecord, Topics } from '@tidemark/service';
import { OutputBuffer } from './output-buffer.js';

const STREAM_BYTES_MAX = 4 * 1024 * 1024;
const TOTAL_BYTES_MAX = 64 * 1024 * 1024;

export class LiveOutput {
  /** By token and stream, the one that was written to last at the end. */
  readonly #buffers = new Map<string, OutputBuffer>();
  readonly #waiting = new Map<string, Set<() => void>>();
  #totalBytes = 0;
  #tail: Tail | undefined;

  async start(topics: Topics): Promise<Tail> {
    this.#tail = await topics.tail({
      topics: [OUTPUT_TOPIC],
      purpose: 'output',
      from: 'beginning',
      onBatch: ({ records }) => {
        for (const record of records) this.#take(record);
      },
    });
    return this.#tail;
  }

  /** Resolves once everything has been read that was there when this replica started. */
  get caughtUp(): Promise<void> {
    return this.#tail?.caughtUp ?? Promise.resolve();
  }

  /** An empty one for a job that has written nothing. */
  buffer(token: string, stream: OutputStream): OutputBuffer {
    return this.#buffers.get(`${token}/${stream}`) ?? new OutputBuffer(STREAM_BYTES_MAX);
  }

  /** Calls `wake` at each chunk of the stream, until the returned function is called. */
  onChunk(token: string, stream: OutputStream, wake: () => void): () => void {
    const name = `${token}/${stream}`;
    const waiting = this.#waiting.get(name) ?? new Set();
    this.#waiting.set(name, waiting.add(wake));
    return () => {
      waiting.delete(wake);
      if (waiting.size === 0 && this.#waiting.get(name) === waiting) this.#waiting.delete(name);
    };
  }

  #take(record: TopicRecord): void {
    const decoded = decode(record);
    if (decoded.kind !== 'message' || decoded.message.type !== 'OutputChunk') return;
    const { token, stream, offset, bytes } = decoded.message.payload;
    const name = `${token}/${stream}`;
    const buffer = this.#buffers.get(name) ?? new OutputBuffer(STREAM_BYTES_MAX);
    const before = buffer.bytes;
    buffer.append(offset, Buffer.from(bytes, 'base64'));
    this.#totalBytes += buffer.bytes - before;
    this.#buffers.delete(name);
    this.#buffers.set(name, buffer);
    for (const [oldest, { bytes: held }] of this.#buffers) {
      if (this.#totalBytes <= TOTAL_BYTES_MAX || oldest === name) break;
      this.#buffers.delete(oldest);
      this.#totalBytes -= held;
    }
    for (const wake of [...(this.#waiting.get(name) ?? [])]) wake();
  }
}

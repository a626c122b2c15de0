/**
 * Sends what running jobs write to `tidemark.output`, in pieces of at most 64 KiB that say where in the stream they
 * begin. One loop serves all jobs of one owned partition, in turns, so that a job that writes without end holds up
 * nobody. It holds how far each stream is; `published-offsets.ts` says how a successor learns that.
 *
 * What must hold: pieces of a stream follow each other without a gap; the bytes of a stream are those of its file.
 */
import {
  encode,
  messageIdFromBytes,
  newMessage,
  formatTime,
  OUTPUT_CHUNK_BYTES_MAX,
  OUTPUT_STREAMS,
  OUTPUT_TOPIC,
  type ExperimentState,
  type JobState,
  type OutputStream,
} from '@tidemark/contracts';
import { sleep, type Clock, type Random } from '@tidemark/platform';
import { describeError, type Logger, type Topics } from '@tidemark/service';
import { JOB_FILES } from '../jobs/job-records.js';
import type { Transport } from '../launchers/transport.js';
import { completeOffsets, readNote, writeNote, type PublishedOffsets } from './published-offsets.js';

export interface LiveOutputOptions {
  readonly topics: Topics;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly replica: string;
  readonly partition: number;
  /** Ends everything: the partition is not ours any more. */
  readonly signal: AbortSignal;
  /** Bytes kept of each stream, 0 for all: what a file holds beyond is about to be cut off. */
  readonly streamBytesMax: number;
}

interface Followed {
  readonly experiment: Pick<ExperimentState, 'id' | 'gateway'>;
  readonly processIndex: number;
  readonly attempt: number;
  readonly token: string;
  /** Unknown until the note, and the topic behind it, have been read. */
  offsets: PublishedOffsets | undefined;
  noted: boolean;
}

const PAUSE_MS = 200;
const PAUSE_AFTER_FAILURE_MS = 1000;
/** Pieces of one stream in one turn. */
const PIECES_PER_TURN = 8;

export class LiveOutput {
  readonly #options: LiveOutputOptions;
  readonly #followed = new Map<string, Followed>();
  /** The work in hand; the next one begins after it, so that no piece is read twice. */
  #turn: Promise<void> = Promise.resolve();
  #running = false;

  constructor(options: LiveOutputOptions) {
    this.#options = options;
  }

  /** Begins with, or goes on with, the streams of a job that has started. */
  follow(experiment: ExperimentState, processIndex: number, job: JobState): void {
    if (this.#followed.has(job.token)) return;
    const { token, attempt } = job;
    const offsets = undefined;
    this.#followed.set(token, { experiment, processIndex, attempt, token, offsets, noted: false });
    void this.#run();
  }

  /** Sends the rest of an ended job's streams and forgets it. Rejects when the topic cannot be reached. */
  async finish(token: string): Promise<void> {
    const followed = this.#followed.get(token);
    if (followed === undefined) return;
    while (await this.#exclusively(() => this.#sendSome(followed)));
    this.#followed.delete(token);
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    const { clock, signal, logger } = this.#options;
    const isOver = (): boolean => signal.aborted;
    while (!isOver() && this.#followed.size > 0) {
      let pauseMs = PAUSE_MS;
      try {
        for (const followed of [...this.#followed.values()]) {
          if (isOver()) break;
          if (await this.#exclusively(() => this.#sendSome(followed))) pauseMs = 0;
        }
      } catch (error) {
        logger.warn({ error: describeError(error) }, 'output could not be published; trying again');
        pauseMs = PAUSE_AFTER_FAILURE_MS;
      }
      await sleep(clock, pauseMs, signal).catch(() => undefined);
    }
    this.#running = false;
  }

  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }

  /** True when there was more than one turn takes. */
  async #sendSome(followed: Followed): Promise<boolean> {
    if (!this.#followed.has(followed.token)) return false;
    try {
      return await this.#sendPieces(followed);
    } catch (error) {
      // Nobody knows what of it has arrived: the topic will tell.
      followed.offsets = undefined;
      throw error;
    }
  }

  async #sendPieces(followed: Followed): Promise<boolean> {
    const offsets = await this.#offsetsOf(followed);
    let more = false;
    for (const stream of OUTPUT_STREAMS) {
      const pieces = await this.#readPieces(followed, stream, offsets[stream]);
      if (pieces.length === 0) continue;
      await this.#noteFirst(followed, offsets);
      const published = await this.#options.topics.publish(
        OUTPUT_TOPIC,
        pieces.map((piece) => this.#record(followed, stream, piece)),
      );
      const last = pieces.at(-1);
      if (last !== undefined) offsets[stream] = last.offset + last.bytes.length;
      offsets.nextRecord = (published.at(-1)?.offset ?? 0) + 1;
      await writeNote(this.#options.transport, followed.token, offsets);
      more ||= pieces.length === PIECES_PER_TURN;
    }
    return more;
  }

  async #offsetsOf(followed: Followed): Promise<PublishedOffsets> {
    if (followed.offsets !== undefined) return followed.offsets;
    const { topics, transport, partition } = this.#options;
    const noted = await readNote(transport, followed.token);
    if (noted !== undefined) {
      await completeOffsets(topics, partition, new Map([[followed.token, noted]]));
      followed.noted = true;
    }
    followed.offsets = noted ?? { nextRecord: 0, stdout: 0, stderr: 0 };
    return followed.offsets;
  }

  /** Before the first piece: a successor must know where in the topic it could be. */
  async #noteFirst(followed: Followed, offsets: PublishedOffsets): Promise<void> {
    if (followed.noted) return;
    const ends = await this.#options.topics.ends(OUTPUT_TOPIC);
    offsets.nextRecord = ends.get(`${OUTPUT_TOPIC}/${this.#options.partition}`) ?? 0;
    await writeNote(this.#options.transport, followed.token, offsets);
    followed.noted = true;
  }

  async #readPieces(
    followed: Followed,
    stream: OutputStream,
    from: number,
  ): Promise<{ readonly offset: number; readonly bytes: Uint8Array }[]> {
    const { transport, streamBytesMax } = this.#options;
    const pieces = [];
    for (let offset = from; pieces.length < PIECES_PER_TURN;) {
      const wanted = Math.min(
        OUTPUT_CHUNK_BYTES_MAX,
        streamBytesMax === 0 ? Infinity : streamBytesMax - offset,
      );
      if (wanted <= 0) break;
      const bytes = await transport.read(followed.token, `${JOB_FILES}/${stream}`, offset, wanted);
      if (bytes === undefined || bytes.length === 0) break;
      pieces.push({ offset, bytes });
      offset += bytes.length;
    }
    return pieces;
  }

  #record(
    { experiment, processIndex, attempt, token }: Followed,
    stream: OutputStream,
    piece: { readonly offset: number; readonly bytes: Uint8Array },
  ): ReturnType<typeof encode> {
    const { clock, random, replica } = this.#options;
    const bytes = Buffer.from(piece.bytes).toString('base64');
    const payload = { processIndex, attempt, token, stream, offset: piece.offset, bytes };
    return encode(
      newMessage('OutputChunk', payload, {
        key: experiment.id,
        id: messageIdFromBytes(random.bytes(17)),
        gateway: experiment.gateway,
        actor: replica,
        time: formatTime(clock.now()),
      }),
    );
  }
}

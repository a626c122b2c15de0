/**
 * Streams what a job writes, from a byte offset on, until the experiment has ended and its last byte was sent. While
 * the job runs the bytes come from the live buffer; the rest, and whatever had left the buffer, from the data product.
 * The id of each event is the offset behind it, so that a reader resumes anywhere.
 */
import { isTerminal, type ExperimentView, type OutputStream } from '@tidemark/contracts';
import type { Clock } from '@tidemark/platform';
import type { ContentStore } from '@tidemark/service';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { EventStream } from '../http/event-stream.js';
import type { Asker, Asking } from '../requests/asking.js';
import type { LiveHistory, Watch } from './live-history.js';
import type { LiveOutput } from './live-output.js';

export interface FollowOutputOptions {
  readonly asking: Asking;
  readonly output: LiveOutput;
  readonly history: LiveHistory;
  readonly content: ContentStore;
  readonly clock: Clock;
}

export interface OutputWanted {
  readonly experiment: ExperimentView;
  readonly index: number;
  readonly stream: OutputStream;
  readonly asker: Asker;
}

const PIECE_BYTES = 48 * 1024;

export class FollowOutput {
  constructor(private readonly options: FollowOutputOptions) {}

  async follow(wanted: OutputWanted, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const resume = Number(request.headers['last-event-id'] ?? 0);
    const events = EventStream.begin(reply, this.options.clock);
    const watch = this.options.history.watch(wanted.experiment.id);
    events.signal.addEventListener('abort', () => watch.close(), { once: true });
    try {
      await this.#run(wanted, Number.isSafeInteger(resume) && resume > 0 ? resume : 0, { events, watch });
    } finally {
      watch.close();
      events.close();
    }
  }

  async #run(
    wanted: OutputWanted,
    from: number,
    { events, watch }: { events: EventStream; watch: Watch },
  ): Promise<void> {
    let offset = from;
    let { experiment } = wanted;
    await this.options.output.caughtUp;
    // Whoever asked for it did so before there was a watch: its end may have come in between.
    if (!isTerminal(experiment.status)) experiment = await this.#view(experiment, wanted.asker);
    while (events.isOpen()) {
      const product = experiment[wanted.stream];
      if (product !== undefined) {
        await this.#sendProduct(product.sha256, offset, events);
        return;
      }
      if (isTerminal(experiment.status)) return;
      const token = experiment.processes.find(({ index }) => index === wanted.index)?.jobs.at(-1)?.token;
      offset = await this.#sendLive({ token, stream: wanted.stream, offset }, { events, watch });
      if (events.isOpen()) experiment = await this.#view(experiment, wanted.asker);
    }
  }

  /** Sends what the buffer gets until there is news of the experiment; answers the offset behind what was sent. */
  async #sendLive(
    live: { token: string | undefined; stream: OutputStream; offset: number },
    { events, watch }: { events: EventStream; watch: Watch },
  ): Promise<number> {
    let { offset } = live;
    const { token, stream } = live;
    const flush = (): void => {
      const buffer = this.options.output.buffer(token ?? '', stream);
      while (offset < buffer.end) {
        const bytes = buffer.read(offset, Math.max(offset, buffer.start) + PIECE_BYTES);
        offset = Math.max(offset, buffer.start) + bytes.length;
        send(events, offset, bytes);
      }
    };
    flush();
    const stop = token === undefined ? () => undefined : this.options.output.onChunk(token, stream, flush);
    await watch.news();
    stop();
    return offset;
  }

  async #sendProduct(sha256: string, from: number, events: EventStream): Promise<void> {
    let offset = from;
    for await (const bytes of this.options.content.read(sha256, { first: from }) ?? []) {
      if (!events.isOpen()) return;
      for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
        const piece = Buffer.from(bytes.subarray(at, at + PIECE_BYTES));
        offset += piece.length;
        send(events, offset, piece);
      }
    }
  }

  /** The experiment as it is now; as it was, when nobody can say at the moment. */
  async #view(experiment: ExperimentView, asker: Asker): Promise<ExperimentView> {
    const request = { experimentId: experiment.id, position: this.options.history.position() };
    try {
      return (await this.options.asking.query('GetExperiment', request, asker)).result ?? experiment;
    } catch {
      return experiment;
    }
  }
}

/** `bytes` in base 64, because output need not be text, and a character may be cut in two. */
const send = (events: EventStream, offset: number, bytes: Buffer): void =>
  events.send({
    id: String(offset),
    event: 'output',
    data: { offset: offset - bytes.length, bytes: bytes.toString('base64') },
  });

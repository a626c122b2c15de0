/**
 * One server-sent event stream: what is sent, when it is too slow, and when it ends. Holds the raw response of one
 * request from `open` to its close; the owner sends, and stops when `signal` aborts.
 *
 * What must hold: data is JSON, so that nothing a user wrote can forge an event; a reader who does not keep up is cut
 * off instead of filling our memory (he resumes with Last-Event-ID); a beat keeps proxies from closing a quiet one.
 */
import type { Clock, Timer } from '@tidemark/platform';
import type { FastifyReply } from 'fastify';

const BEAT_MS = 15_000;
/** Bytes that a slow reader may owe us. */
const BACKLOG_BYTES_MAX = 4 * 1024 * 1024;

export interface StreamEvent {
  /** Comes back as Last-Event-ID. */
  readonly id: string;
  readonly event: string;
  readonly data: unknown;
}

export class EventStream {
  readonly #closing = new AbortController();
  readonly #reply: FastifyReply;
  readonly #clock: Clock;
  #beat: Timer | undefined;

  private constructor(reply: FastifyReply, clock: Clock) {
    this.#reply = reply;
    this.#clock = clock;
  }

  static begin(reply: FastifyReply, clock: Clock): EventStream {
    const stream = new EventStream(reply, clock);
    reply.hijack();
    reply.raw.on('close', () => stream.close());
    reply.raw.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    stream.#write(': tidemark\nretry: 1000\n\n');
    stream.#beatLater();
    return stream;
  }

  /** False once the reader is gone, was cut off, or the stream was closed. */
  isOpen(): boolean {
    return !this.#closing.signal.aborted;
  }

  /** Aborts when the reader is gone, was cut off, or the stream was closed. */
  get signal(): AbortSignal {
    return this.#closing.signal;
  }

  send({ id, event, data }: StreamEvent): void {
    this.#write(`id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  close(): void {
    if (!this.isOpen()) return;
    this.#beat?.cancel();
    this.#closing.abort();
    this.#reply.raw.end();
  }

  #write(text: string): void {
    if (!this.isOpen()) return;
    this.#reply.raw.write(text);
    if (this.#reply.raw.writableLength > BACKLOG_BYTES_MAX) {
      this.#reply.raw.destroy();
      this.close();
    }
  }

  #beatLater(): void {
    this.#beat = this.#clock.setTimer(BEAT_MS, () => {
      this.#write(': beat\n\n');
      if (this.isOpen()) this.#beatLater();
    });
  }
}

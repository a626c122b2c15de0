/**
 * One socket to a broker, without a client library between: sends frames or rubbish, and hands answers over in the
 * order in which they come.
 */
import { connect, type Socket } from 'node:net';
import type { Address } from '@tidemark/platform';
import {
  ErrorCode,
  metadataApi,
  type Api,
  type Decoded,
  type Encodable,
  type FieldMap,
} from '@tidemark/wire';
import { answerIn, correlationIdOf, framesIn, requestFrame, type FrameOptions } from './kafka-frames.js';

interface Waiting {
  readonly resolve: (frame: Buffer) => void;
  readonly reject: (error: Error) => void;
}

export class RawClient {
  private received: Buffer = Buffer.alloc(0);
  private readonly frames: Buffer[] = [];
  private readonly waiting: Waiting[] = [];
  private nextCorrelationId = 1;
  private isClosed = false;
  /** Resolves when the connection is closed by whichever side. */
  readonly closed: Promise<void>;

  private constructor(readonly socket: Socket) {
    socket.on('data', (bytes: Buffer) => this.take(bytes));
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) =>
      socket.on('close', () => {
        this.isClosed = true;
        for (const { reject } of this.waiting.splice(0))
          reject(new Error('the broker closed the connection'));
        resolve();
      }),
    );
  }

  static connect({ host, port }: Address): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port, noDelay: true }, () => resolve(new RawClient(socket)));
      socket.once('error', reject);
    });
  }

  /** Answers received and not asked for yet. */
  get unread(): number {
    return this.frames.length;
  }

  send(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  /** The next answer, without its size. Rejects when the connection closes first. */
  nextFrame(): Promise<Buffer> {
    const frame = this.frames.shift();
    if (frame !== undefined) return Promise.resolve(frame);
    if (this.isClosed) return Promise.reject(new Error('the broker closed the connection'));
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  async ask<Q extends FieldMap, P extends FieldMap>(
    api: Api<Q, P>,
    options: FrameOptions | number,
    request: Encodable<Q>,
  ): Promise<Decoded<P>> {
    const correlationId = this.nextCorrelationId++;
    const given = typeof options === 'number' ? { version: options } : options;
    this.send(requestFrame(api, { correlationId, ...given }, request));
    const frame = await this.nextFrame();
    if (correlationIdOf(frame) !== (given.correlationId ?? correlationId))
      throw new Error('answer out of order');
    return answerIn(api, given.version, frame);
  }

  /** Asks for a topic until it has a leader: the broker creates it on first use. Answers its id. */
  async createTopic(name: string): Promise<string> {
    for (;;) {
      const { topics } = await this.ask(metadataApi, 12, { topics: [{ name, topicId: NO_ID }] });
      const [topic] = topics;
      if (topic?.errorCode === ErrorCode.NONE && topic.partitions.every(({ leaderId }) => leaderId >= 0)) {
        return topic.topicId;
      }
    }
  }

  close(): void {
    this.socket.destroy();
  }

  private take(bytes: Buffer): void {
    this.received = Buffer.concat([this.received, bytes]);
    const frames = framesIn(this.received);
    this.received = this.received.subarray(frames.reduce((sum, frame) => sum + 4 + frame.length, 0));
    for (const frame of frames) {
      const waiting = this.waiting.shift();
      if (waiting === undefined) this.frames.push(frame);
      else waiting.resolve(frame);
    }
  }
}

export const NO_ID = '00000000-0000-0000-0000-000000000000';

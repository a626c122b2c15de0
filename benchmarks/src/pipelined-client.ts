/**
 * A raw Kafka client that costs next to nothing: sends prebuilt frames, keeps a number of requests outstanding on one
 * connection, and counts the answers. Used by the load generators; answers are handed to `onAnswer` in place.
 */
import type { Address, Connection, ConnectionOwner } from '@tidemark/platform';
import { nodeNetwork } from '@tidemark/platform/node';

const INITIAL_BYTES = 256 * 1024;

export interface Frames {
  readonly bytes: Uint8Array;
  readonly count: number;
}

export interface PipelinedClientOptions {
  /** Up to `max` more frames to send, prefixes included, in one piece; nothing when there is no more to be sent. */
  readonly nextFrames: (max: number) => Frames | undefined;
  /** One answer without its size: bytes [start, end) of `bytes`, valid during the call. What it throws ends the run. */
  readonly onAnswer: (bytes: Buffer, start: number, end: number) => void;
  readonly inFlightMax: number;
}

export class PipelinedClient implements ConnectionOwner {
  private buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  private start = 0;
  private end = 0;
  private outstanding = 0;
  private finished = false;
  private resolve: () => void = () => undefined;
  private reject: (error: Error) => void = () => undefined;

  private constructor(
    private readonly connection: Connection,
    private readonly options: PipelinedClientOptions,
  ) {}

  /** Resolves when there is nothing more to send and all is answered. */
  static async run(address: Address, options: PipelinedClientOptions): Promise<void> {
    const connection = await nodeNetwork.connect(address, 5_000);
    const client = new PipelinedClient(connection, options);
    const done = new Promise<void>((resolve, reject) => {
      client.resolve = resolve;
      client.reject = reject;
    });
    connection.attach(client);
    client.fill();
    await done.finally(() => connection.destroy());
  }

  receiveSpace(): Uint8Array {
    if (this.start === this.end) this.start = this.end = 0;
    if (this.end === this.buffer.length || this.buffer.length - this.start < 4 + this.frameSize()) {
      const larger = Math.max(this.buffer.length, 2 * (4 + this.frameSize()));
      const bytes = larger > this.buffer.length ? Buffer.allocUnsafeSlow(larger) : this.buffer;
      this.buffer.copy(bytes, 0, this.start, this.end);
      this.buffer = bytes;
      this.end -= this.start;
      this.start = 0;
    }
    return this.buffer.subarray(this.end);
  }

  received(count: number): void {
    this.end += count;
    try {
      this.takeAnswers();
      this.fill();
    } catch (error) {
      this.finished = true;
      this.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }

  drained(): void {
    this.fill();
  }

  closed(): void {
    if (!this.finished) this.reject(new Error('the server closed the connection'));
  }

  private takeAnswers(): void {
    while (this.end - this.start >= 4 && this.end - this.start >= 4 + this.frameSize()) {
      const size = this.frameSize();
      this.options.onAnswer(this.buffer, this.start + 4, this.start + 4 + size);
      this.start += 4 + size;
      this.outstanding -= 1;
    }
  }

  private frameSize(): number {
    return this.end - this.start < 4 ? 0 : this.buffer.readInt32BE(this.start);
  }

  private fill(): void {
    while (!this.finished && this.outstanding < this.options.inFlightMax) {
      const frames = this.options.nextFrames(this.options.inFlightMax - this.outstanding);
      if (frames === undefined) break;
      this.outstanding += frames.count;
      this.connection.write(frames.bytes);
    }
    if (this.outstanding === 0 && !this.finished) {
      this.finished = true;
      this.resolve();
    }
  }
}

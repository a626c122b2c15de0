/**
 * A client that sends whatever bytes it is told to, and keeps what comes back: frames of the Kafka protocol by
 * correlation id, and the end of the connection. Holds the socket; whoever opens one closes it.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { ByteWriter, writeRequestHeader, type AnyApi } from '@tidemark/wire';

export class RawSocket {
  closed = false;
  /** Whole frames, without their length. */
  readonly frames: Buffer[] = [];
  #rest = Buffer.alloc(0);
  #waiting: (() => void)[] = [];

  private constructor(readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.closed = true;
      this.#wake();
    });
  }

  static async open(address: string): Promise<RawSocket> {
    const [host = '', port = ''] = address.split(':');
    const socket = connect(Number(port), host);
    await once(socket, 'connect');
    return new RawSocket(socket);
  }

  send(...parts: readonly Uint8Array[]): void {
    for (const part of parts) this.socket.write(part);
  }

  /** Resolves when `condition` holds, the connection ended, or the time is up; answers whether it holds. */
  async until(condition: () => boolean, timeoutMs = 20_000): Promise<boolean> {
    const timer = setTimeout(() => this.#wake(), timeoutMs);
    const deadline = performance.now() + timeoutMs;
    while (!condition() && !this.closed && performance.now() < deadline) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    clearTimeout(timer);
    return condition();
  }

  /** Whether the other side closes the connection in time. */
  untilClosed(timeoutMs?: number): Promise<boolean> {
    return this.until(() => this.closed, timeoutMs);
  }

  answerTo(correlationId: number): Buffer | undefined {
    return this.frames.find((frame) => frame.readInt32BE(0) === correlationId);
  }

  destroy(): void {
    this.socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= 4 && this.#rest.length >= 4 + this.#rest.readInt32BE(0)) {
      const end = 4 + this.#rest.readInt32BE(0);
      this.frames.push(Buffer.from(this.#rest.subarray(4, end)));
      this.#rest = this.#rest.subarray(end);
    }
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

export const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value | 0);
  return bytes;
};

/** Length and content. */
export const framed = (...parts: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(parts);
  return Buffer.concat([int32(content.length), content]);
};

/** A request header for `api`, whatever the version. */
export function header(
  api: Pick<AnyApi, 'key' | 'flexibleFrom'>,
  apiVersion: number,
  correlationId = 1,
): Buffer {
  const writer = new ByteWriter({ initialBytes: 64 });
  writeRequestHeader(writer, api, { apiVersion, correlationId, clientId: 'attacker' });
  return Buffer.from(writer.written());
}

/** A request's body; its fields are the caller's responsibility. */
export function body(api: AnyApi, version: number, message: object): Buffer {
  const writer = new ByteWriter({ initialBytes: 256 });
  api.request.encode(version, writer, message as never);
  return Buffer.from(writer.written());
}

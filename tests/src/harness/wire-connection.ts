/**
 * A bare client of the protocol for suites that must see every answer: one connection, requests pipelined, answers by
 * correlation id, no retries, no metadata. Holds the requests in flight; they reject when the connection ends.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import {
  ByteReader,
  ByteWriter,
  decodeResponse,
  encodeRequest,
  frameSize,
  FRAME_PREFIX_BYTES,
  readResponseHeader,
  writeFrame,
  writeRequestHeader,
  type Api,
  type Decoded,
  type Encodable,
  type FieldMap,
} from '@tidemark/wire';

interface InFlight {
  readonly answer: (reader: ByteReader) => void;
  readonly fail: (error: Error) => void;
}

export class WireConnection {
  readonly #inFlight = new Map<number, InFlight>();
  #received = Buffer.alloc(0);
  #correlationId = 0;

  private constructor(private readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('close', () => this.#fail(new Error('the connection ended')));
    socket.on('error', () => undefined);
  }

  static async open(address: string, timeoutMs = 30_000): Promise<WireConnection> {
    const [host = '', port = ''] = address.split(':');
    const socket = connect(Number(port), host);
    try {
      await once(socket, 'connect', { signal: AbortSignal.timeout(timeoutMs) });
    } catch (error) {
      socket.on('error', () => undefined);
      socket.destroy();
      throw error;
    }
    return new WireConnection(socket);
  }

  get closed(): boolean {
    return this.socket.destroyed;
  }

  request<Q extends FieldMap, P extends FieldMap>(
    api: Api<Q, P>,
    version: number,
    message: Encodable<Q>,
  ): Promise<Decoded<P>> {
    const correlationId = this.#correlationId++;
    const writer = new ByteWriter({ initialBytes: 1024 });
    writeFrame(writer, (frame) => {
      writeRequestHeader(frame, api, { apiVersion: version, correlationId, clientId: 'tidemark-test' });
      encodeRequest(api, version, frame, message);
    });
    return new Promise((resolve, fail) => {
      if (this.socket.destroyed) {
        fail(new Error('the connection ended'));
        return;
      }
      this.#inFlight.set(correlationId, {
        answer: (reader) => {
          readResponseHeader(reader, api, version);
          resolve(decodeResponse(api, version, reader));
        },
        fail,
      });
      this.socket.write(Buffer.from(writer.written()));
    });
  }

  close(): void {
    this.socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    for (;;) {
      const size = frameSize(this.#received, 0, this.#received.length);
      if (size === undefined || this.#received.length < FRAME_PREFIX_BYTES + size) return;
      const frame = Buffer.from(this.#received.subarray(FRAME_PREFIX_BYTES, FRAME_PREFIX_BYTES + size));
      this.#received = this.#received.subarray(FRAME_PREFIX_BYTES + size);
      const correlationId = frame.readInt32BE(0);
      const inFlight = this.#inFlight.get(correlationId);
      this.#inFlight.delete(correlationId);
      inFlight?.answer(new ByteReader(frame));
    }
  }

  #fail(error: Error): void {
    for (const { fail } of this.#inFlight.values()) fail(error);
    this.#inFlight.clear();
  }
}

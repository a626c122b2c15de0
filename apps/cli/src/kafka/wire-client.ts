/**
 * One connection to one broker, over libs/wire: one request at a time, each in the highest version that both sides
 * speak. For the commands' few questions; it neither reconnects nor balances (ClusterClient knows the brokers).
 */
import net from 'node:net';
import {
  ByteReader,
  ByteWriter,
  apiVersionsApi,
  frameSize,
  readAnswer,
  writeRequestFrame,
  FRAME_PREFIX_BYTES,
  type Api,
  type Decoded,
  type Encodable,
  type FieldMap,
} from '@tidemark/wire';
import { Fault, reasonOf } from '../console/fault.js';

const CONNECT_BOUND_MS = 5_000;
const ANSWER_BOUND_MS = 15_000;
const CLIENT_ID = 'tidemark-cli';

/** The broker cannot be reached, or broke off: another may know the answer. */
export class BrokerGone extends Fault {}

interface Waiting {
  readonly correlationId: number;
  resolve(frame: Buffer): void;
  reject(cause: Error): void;
}

export class WireClient {
  #received: Buffer = Buffer.alloc(0);
  #waiting: Waiting | undefined;
  #correlationId = 0;
  #turn: Promise<unknown> = Promise.resolve();
  readonly #versions = new Map<number, { readonly min: number; readonly max: number }>();

  private constructor(
    private readonly socket: net.Socket,
    private readonly address: string,
  ) {
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (cause) => this.#fail(cause));
    socket.on('close', () => this.#fail(new Error('the broker closed the connection')));
  }

  /** Rejects with a `Fault` when nobody listens there, or who listens is no broker. */
  static async connect(address: { readonly host: string; readonly port: number }): Promise<WireClient> {
    const name = `${address.host}:${address.port}`;
    const socket = net.connect({ ...address, timeout: CONNECT_BOUND_MS });
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('connect', resolve);
        socket.once('error', reject);
        socket.once('timeout', () => reject(new Error('no answer')));
      });
    } catch (cause) {
      socket.destroy();
      throw new BrokerGone(`the broker at ${name} cannot be reached: ${reasonOf(cause)}`);
    }
    socket.setTimeout(0);
    socket.setNoDelay(true);
    const client = new WireClient(socket, name);
    const { apiKeys } = await client.#exchange(apiVersionsApi, 0, {});
    for (const { apiKey, minVersion, maxVersion } of apiKeys) {
      client.#versions.set(apiKey, { min: minVersion, max: maxVersion });
    }
    return client;
  }

  /**
   * Sends one request and answers the decoded response, never in a version above `versionMax`. Rejects with
   * `BrokerGone` when the connection breaks, with another `Fault` when no common version exists; error codes are the
   * caller's to read.
   */
  call<Q extends FieldMap, P extends FieldMap>(
    api: Api<Q, P>,
    request: Encodable<Q>,
    versionMax = Number.POSITIVE_INFINITY,
  ): Promise<Decoded<P>> {
    const theirs = this.#versions.get(api.key) ?? { min: 0, max: -1 };
    const version = Math.min(api.versions.max, theirs.max, versionMax);
    if (version < Math.max(api.versions.min, theirs.min)) {
      return Promise.reject(
        new Fault(`the broker at ${this.address} has no version of ${api.name} in common with us`),
      );
    }
    const answer = this.#turn.then(() => this.#exchange(api, version, request));
    this.#turn = answer.catch(() => undefined);
    return answer;
  }

  close(): void {
    this.socket.destroy();
  }

  async #exchange<Q extends FieldMap, P extends FieldMap>(
    api: Api<Q, P>,
    version: number,
    request: Encodable<Q>,
  ): Promise<Decoded<P>> {
    this.#correlationId += 1;
    const correlationId = this.#correlationId;
    const writer = new ByteWriter();
    writeRequestFrame(writer, api, { apiVersion: version, correlationId, clientId: CLIENT_ID }, request);
    const frame = await new Promise<Buffer>((resolve, reject) => {
      const timer = setTimeout(() => this.#fail(new Error('no answer in time')), ANSWER_BOUND_MS);
      const settled = <Value>(then: (value: Value) => void) => {
        return (value: Value): void => {
          clearTimeout(timer);
          then(value);
        };
      };
      this.#waiting = { correlationId, resolve: settled(resolve), reject: settled(reject) };
      if (this.socket.destroyed) this.#fail(new Error('the connection is closed'));
      else this.socket.write(writer.copy());
    });
    const received = readAnswer(new ByteReader(frame), api, version);
    if (received.correlationId !== correlationId)
      throw this.#fault(`answered request ${received.correlationId} instead of ${correlationId}`);
    return received.answer;
  }

  #receive(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    try {
      const size = frameSize(this.#received, 0, this.#received.length);
      if (size === undefined || this.#received.length < FRAME_PREFIX_BYTES + size) return;
      const frame = this.#received.subarray(FRAME_PREFIX_BYTES, FRAME_PREFIX_BYTES + size);
      this.#received = this.#received.subarray(FRAME_PREFIX_BYTES + size);
      const waiting = this.#waiting;
      this.#waiting = undefined;
      waiting?.resolve(frame);
    } catch (cause) {
      this.#fail(cause instanceof Error ? cause : new Error(String(cause)));
    }
  }

  #fail(cause: Error): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.socket.destroy();
    waiting?.reject(new BrokerGone(this.#fault(reasonOf(cause)).message));
  }

  #fault(detail: string): Fault {
    return new Fault(`the broker at ${this.address}: ${detail}`);
  }
}

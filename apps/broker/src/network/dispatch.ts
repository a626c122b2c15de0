/**
 * From a frame to a handler and from a response to a frame. Holds the table of handlers by API key, which is also what
 * ApiVersions tells. Called by connections with a reader on one frame's content; whatever is wrong with it is answered
 * with a reason to close that connection, and nothing else.
 */
import type { Clock } from '@tidemark/platform';
import {
  WireError,
  apiVersionsApi,
  beginFrame,
  decodeRequest,
  encodeResponse,
  endFrame,
  fetchApi,
  readRequestHeader,
  writeResponseHeader,
  type AnyApi,
  type ByteReader,
  type ByteWriter,
} from '@tidemark/wire';
import type { Logger } from 'pino';
import type { BrokerConfig } from '../config.js';
import type { Handler } from '../handlers/handler.js';
import { unsupportedVersion } from '../handlers/18-api-versions.js';
import type { BrokerMetrics } from '../metrics.js';
import type { CloseReason } from './close-reason.js';
import { RequestInFlight, type RequestOwner } from './request.js';

/** A frame that cannot be served. */
export interface Refusal {
  readonly reason: CloseReason;
  readonly detail: string;
}

export interface DispatchOptions {
  readonly handlers: readonly Handler[];
  readonly metrics: BrokerMetrics;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly settings: Pick<BrokerConfig['settings'], 'tail.cache.bytes'>;
}

const PUBLISHED_KEYS = 1024;
/** A smaller share of a ring that a handler lends is copied: a piece of its own costs more on the way to the socket. */
const LENT_SHARE_MIN = 1 / 512;

export class Dispatch {
  private readonly table: (Handler | undefined)[] = [];
  /** Keys of our own lie far beyond the published ones: the table stays dense without them. */
  private readonly own = new Map<number, Handler>();
  private readonly lentBytesMin: number;
  private readonly apiOf = (key: number): AnyApi | undefined => this.handlerOf(key)?.api;

  /** False while the broker has not joined its cluster: what clients ask waits, what brokers ask does not. */
  serving = true;

  constructor(private readonly options: DispatchOptions) {
    this.lentBytesMin = options.settings['tail.cache.bytes'] * LENT_SHARE_MIN;
    for (const handler of options.handlers) {
      const { key } = handler.api;
      if (key < PUBLISHED_KEYS) this.table[key] = handler;
      else this.own.set(key, handler);
    }
  }

  /** The handler of an API; nothing when this broker does not serve it. */
  handlerOf(key: number): Handler | undefined {
    return key < PUBLISHED_KEYS ? this.table[key] : this.own.get(key);
  }

  /** Whether a request of this API may be taken up now. Fetches of the metadata log look like any other. */
  admits(key: number | undefined): boolean {
    if (this.serving || key === undefined || key === fetchApi.key || key === apiVersionsApi.key) return true;
    const handler = this.handlerOf(key);
    return handler === undefined || handler.api.askedBy === 'brokers';
  }

  /** Reads header and body. The request's `records` lie in the reader's bytes. */
  accept(reader: ByteReader, owner: RequestOwner): RequestInFlight | Refusal {
    try {
      const start = reader.position;
      const apiKey = reader.int16();
      const apiVersion = reader.int16();
      const handler = this.handlerOf(apiKey);
      if (handler === undefined) return { reason: 'unknown-api', detail: `API key ${apiKey}` };
      const { min, max } = handler.api.versions;
      if (apiVersion < min || apiVersion > max) return this.unspoken(reader, apiVersion, handler, owner);
      reader.position = start;
      const { correlationId, clientId } = readRequestHeader(reader, this.apiOf);
      const inFlight = new RequestInFlight(owner, handler, apiVersion, correlationId, clientId ?? '');
      inFlight.request = decodeRequest(handler.api, apiVersion, reader);
      return inFlight;
    } catch (error) {
      if (error instanceof WireError) return { reason: 'malformed', detail: error.message };
      throw error;
    }
  }

  /** Only ApiVersions is answered in a version that we do not speak; what follows the correlation id is not looked at. */
  private unspoken(
    reader: ByteReader,
    apiVersion: number,
    handler: Handler,
    owner: RequestOwner,
  ): RequestInFlight | Refusal {
    if (handler.api.key !== apiVersionsApi.key) {
      return { reason: 'unsupported-version', detail: `${handler.api.name} version ${apiVersion}` };
    }
    return new RequestInFlight(owner, handler, 0, reader.int32(), '');
  }

  /** Calls the handler. What it throws is a bug: the connection closes, everybody else goes on. */
  handle(inFlight: RequestInFlight, owner: RequestOwner): void {
    const { request } = inFlight;
    // It may wait long for its answer, and need not keep what was asked meanwhile.
    inFlight.request = undefined;
    inFlight.startedAt = this.options.clock.monotonic();
    this.options.metrics.requestStarted(inFlight.api.key);
    try {
      if (request === undefined) inFlight.respond(unsupportedVersion());
      else inFlight.handler.handle(request, inFlight, (response) => inFlight.respond(response));
    } catch (error) {
      this.fail(error, inFlight, owner);
    }
  }

  /** Appends the answer's frame to `writer`; answers false when it could not be encoded (the connection closes). */
  encode(inFlight: RequestInFlight, writer: ByteWriter, owner: RequestOwner): boolean {
    const { api, apiVersion, correlationId, response } = inFlight;
    this.ended(inFlight);
    if (response === undefined) return true;
    try {
      const frame = beginFrame(writer);
      writer.referenceBytesMin = inFlight.isLent ? this.lentBytesMin : Infinity;
      writeResponseHeader(writer, api, apiVersion, correlationId);
      encodeResponse(api, apiVersion, writer, response as Parameters<typeof encodeResponse>[3]);
      endFrame(writer, frame);
      return true;
    } catch (error) {
      this.fail(error, inFlight, owner);
      return false;
    }
  }

  /** Takes note that a request has its answer; `encode` does so itself. */
  ended({ api, startedAt }: RequestInFlight): void {
    this.options.metrics.requestEnded(api.key, this.options.clock.monotonic() - startedAt);
  }

  private fail(error: unknown, inFlight: RequestInFlight, owner: RequestOwner): void {
    this.options.logger.error(
      { err: error, api: inFlight.api.name, version: inFlight.apiVersion },
      'request failed',
    );
    owner.close('internal-error', inFlight.api.name);
  }
}

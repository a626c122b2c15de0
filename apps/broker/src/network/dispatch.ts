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
  readRequestHeader,
  writeResponseHeader,
  type AnyApi,
  type ByteReader,
  type ByteWriter,
} from '@tidemark/wire';
import type { Logger } from 'pino';
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

/** A decoded request that is ready to be handled. */
export interface Accepted {
  readonly inFlight: RequestInFlight;
  /** Undefined when the answer is known without it (ApiVersions of a version from the future). */
  readonly request: unknown;
}

export interface DispatchOptions {
  readonly handlers: readonly Handler[];
  readonly metrics: BrokerMetrics;
  readonly logger: Logger;
  readonly clock: Clock;
}

export class Dispatch {
  private readonly table: (Handler | undefined)[] = [];
  private readonly apiOf = (key: number): AnyApi | undefined => this.table[key]?.api;

  constructor(private readonly options: DispatchOptions) {
    for (const handler of options.handlers) this.table[handler.api.key] = handler;
  }

  /** The handler of an API key. */
  handlerOf(key: number): Handler | undefined {
    return this.table[key];
  }

  /** Reads header and body. The request's `records` lie in the reader's bytes. */
  accept(reader: ByteReader, owner: RequestOwner): Accepted | Refusal {
    try {
      const header = readRequestHeader(reader, this.apiOf);
      const handler = this.table[header.apiKey];
      if (handler === undefined) return { reason: 'unknown-api', detail: `API key ${header.apiKey}` };
      const { apiVersion } = header;
      const { min, max } = handler.api.versions;
      const spoken = apiVersion >= min && apiVersion <= max;
      if (!spoken && handler.api.key !== apiVersionsApi.key) {
        return { reason: 'unsupported-version', detail: `${handler.api.name} version ${apiVersion}` };
      }
      const inFlight = new RequestInFlight(
        owner,
        handler,
        spoken ? apiVersion : 0,
        header.correlationId,
        header.clientId ?? '',
      );
      return { inFlight, request: spoken ? decodeRequest(handler.api, apiVersion, reader) : undefined };
    } catch (error) {
      if (error instanceof WireError) return { reason: 'malformed', detail: error.message };
      throw error;
    }
  }

  /** Calls the handler. What it throws is a bug: the connection closes, everybody else goes on. */
  handle({ inFlight, request }: Accepted, owner: RequestOwner): void {
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
    this.options.metrics.requestEnded(api.key, this.options.clock.monotonic() - inFlight.startedAt);
    if (response === undefined) return true;
    try {
      const mark = beginFrame(writer);
      writeResponseHeader(writer, api, apiVersion, correlationId);
      encodeResponse(api, apiVersion, writer, response as Parameters<typeof encodeResponse>[3]);
      endFrame(writer, mark);
      return true;
    } catch (error) {
      this.fail(error, inFlight, owner);
      return false;
    }
  }

  private fail(error: unknown, inFlight: RequestInFlight, owner: RequestOwner): void {
    this.options.logger.error(
      { err: error, api: inFlight.api.name, version: inFlight.apiVersion },
      'request failed',
    );
    owner.close('internal-error', inFlight.api.name);
  }
}

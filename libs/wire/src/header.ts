/**
 * Request and response headers. Which layout a header has follows from the API and the version of the body, so a
 * request is read in two steps: the fixed eight bytes (which never change), then the rest once the API is known.
 * Version 1 adds the client id, version 2 a tagged section; the client id keeps its two-byte length even there.
 * An ApiVersions answer always has the old response header, so that a client that knows nothing can read it.
 */
import type { ApiFacts } from './api.js';
import type { ByteReader } from './bytes/reader.js';
import type { ByteWriter } from './bytes/writer.js';

const API_VERSIONS_KEY = 18;

export interface RequestHeader {
  readonly apiKey: number;
  readonly apiVersion: number;
  /** Chosen by the client, opaque, may be negative. */
  readonly correlationId: number;
  readonly clientId: string | null;
}

/** An API as far as headers need to know it. */
export type HeaderApi = Pick<ApiFacts, 'key' | 'flexibleFrom'>;

/** Reads everything up to the body. `apiOf` answers the API of a key; undefined for unknown ones (read as version 1). */
export function readRequestHeader(
  reader: ByteReader,
  apiOf: (apiKey: number) => HeaderApi | undefined,
): RequestHeader {
  const apiKey = reader.int16();
  const apiVersion = reader.int16();
  const correlationId = reader.int32();
  const clientId = reader.nullableString();
  const api = apiOf(apiKey);
  if (api !== undefined && apiVersion >= api.flexibleFrom) reader.skipTaggedFields();
  return { apiKey, apiVersion, correlationId, clientId };
}

export function writeRequestHeader(
  writer: ByteWriter,
  api: HeaderApi,
  header: Omit<RequestHeader, 'apiKey'>,
): void {
  writer.int16(api.key);
  writer.int16(header.apiVersion);
  writer.int32(header.correlationId);
  writer.nullableString(header.clientId);
  if (header.apiVersion >= api.flexibleFrom) writer.unsignedVarint(0);
}

/** Answers the correlation id. */
export function readResponseHeader(reader: ByteReader, api: HeaderApi, apiVersion: number): number {
  const correlationId = reader.int32();
  if (hasTaggedResponseHeader(api, apiVersion)) reader.skipTaggedFields();
  return correlationId;
}

export function writeResponseHeader(
  writer: ByteWriter,
  api: HeaderApi,
  apiVersion: number,
  correlationId: number,
): void {
  writer.int32(correlationId);
  if (hasTaggedResponseHeader(api, apiVersion)) writer.unsignedVarint(0);
}

function hasTaggedResponseHeader(api: HeaderApi, apiVersion: number): boolean {
  return api.key !== API_VERSIONS_KEY && apiVersion >= api.flexibleFrom;
}

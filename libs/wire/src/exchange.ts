/**
 * A client's half of an exchange: a request as a frame, and the answer's frame read. Pure functions over a writer and
 * a reader; whoever holds the connection pairs answers with requests by the correlation id.
 */
import type { Api } from './api.js';
import { decodeResponse, encodeRequest } from './api.js';
import type { ByteReader } from './bytes/reader.js';
import type { ByteWriter } from './bytes/writer.js';
import { writeFrame } from './frame.js';
import { readResponseHeader, writeRequestHeader, type RequestHeader } from './header.js';
import type { Decoded, Encodable, FieldMap } from './schema/field.js';

/** Writes size, header and body; nothing stays when it throws. */
export function writeRequestFrame<Q extends FieldMap, P extends FieldMap>(
  writer: ByteWriter,
  api: Api<Q, P>,
  header: Omit<RequestHeader, 'apiKey'>,
  request: Encodable<Q>,
): void {
  writeFrame(writer, () => {
    writeRequestHeader(writer, api, header);
    encodeRequest(api, header.apiVersion, writer, request);
  });
}

/** An answer with the correlation id that it carries. */
export interface ReceivedAnswer<P extends FieldMap> {
  readonly correlationId: number;
  readonly answer: Decoded<P>;
}

/** Reads header and body, the reader being at the first byte after the size. Throws `WireError`. */
export function readAnswer<Q extends FieldMap, P extends FieldMap>(
  reader: ByteReader,
  api: Api<Q, P>,
  version: number,
): ReceivedAnswer<P> {
  const correlationId = readResponseHeader(reader, api, version);
  return { correlationId, answer: decodeResponse(api, version, reader) };
}

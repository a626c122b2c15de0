/**
 * One API of the protocol: its key, its versions and the schemas of both directions. The files in `messages/` make
 * them, once, at load. Brokers decode requests and encode responses, clients the other way round; all four functions
 * use a hand-written codec where the API has one (Produce, Fetch) and the compiled schema otherwise.
 */
import type { ByteReader } from './bytes/reader.js';
import { WireError } from './bytes/wire-error.js';
import type { ByteWriter } from './bytes/writer.js';
import type { Decoded, Encodable, FieldMap } from './schema/field.js';
import type { AnySchema, VersionRange } from './schema/schema.js';
import { Schema } from './schema/schema.js';

/** Hand-written codecs; each must read and write exactly what the schema does. */
export interface HotCodecs<Request extends FieldMap, Response extends FieldMap> {
  decodeRequest(version: number, reader: ByteReader): Decoded<Request>;
  encodeRequest(version: number, writer: ByteWriter, message: Encodable<Request>): void;
  decodeResponse(version: number, reader: ByteReader): Decoded<Response>;
  encodeResponse(version: number, writer: ByteWriter, message: Encodable<Response>): void;
}

export type Askers = 'clients' | 'brokers';

/** What is true of an API whatever its messages look like. */
export interface ApiFacts {
  readonly key: number;
  readonly name: string;
  /** Versions that can be read and written. */
  readonly versions: VersionRange;
  /** Versions that ApiVersions tells; wider than `versions` only where a client needs the lie (Produce). */
  readonly advertised: VersionRange;
  /** First version with compact lengths and tagged fields, `NEVER_FLEXIBLE` if none. */
  readonly flexibleFrom: number;
  /** Who asks: clients (brokers too), or only brokers each other, of which ApiVersions tells nothing. */
  readonly askedBy: Askers;
}

export interface Api<Request extends FieldMap, Response extends FieldMap> extends ApiFacts {
  readonly request: Schema<Request>;
  readonly response: Schema<Response>;
  readonly hot?: Partial<HotCodecs<Request, Response>>;
}

/** An API of the table, its message types unknown to the compiler. */
export interface AnyApi extends ApiFacts {
  readonly request: AnySchema;
  readonly response: AnySchema;
}

/** What a broker's handler gets, and what a client's caller gets. */
export type DecodedRequest<A> = A extends { readonly request: Schema<infer Request> }
  ? Decoded<Request>
  : never;
export type DecodedResponse<A> = A extends { readonly response: Schema<infer Response> }
  ? Decoded<Response>
  : never;
/** What a client gives, and what a broker's handler gives: fields with a default may be left out. */
export type EncodableRequest<A> = A extends { readonly request: Schema<infer Request> }
  ? Encodable<Request>
  : never;
export type EncodableResponse<A> = A extends { readonly response: Schema<infer Response> }
  ? Encodable<Response>
  : never;

export interface ApiDefinition<Request extends FieldMap, Response extends FieldMap> {
  readonly key: number;
  readonly name: string;
  readonly versions: VersionRange;
  readonly advertised?: VersionRange;
  readonly flexibleFrom: number;
  /** 'clients' if not given. */
  readonly askedBy?: Askers;
  readonly request: Request;
  readonly response: Response;
}

export function defineApi<Request extends FieldMap, Response extends FieldMap>(
  definition: ApiDefinition<Request, Response>,
  hot?: Partial<HotCodecs<Request, Response>>,
): Api<Request, Response> {
  const { key, name, versions, flexibleFrom } = definition;
  return {
    key,
    name,
    versions,
    advertised: definition.advertised ?? versions,
    flexibleFrom,
    askedBy: definition.askedBy ?? 'clients',
    request: new Schema({ name: `${name} request`, versions, flexibleFrom }, definition.request),
    response: new Schema({ name: `${name} response`, versions, flexibleFrom }, definition.response),
    ...(hot === undefined ? {} : { hot }),
  };
}

/** Throws `WireError` when the bytes do not fit or the version is not spoken; bytes left over are no error. */
export function decodeRequest<Q extends FieldMap, P extends FieldMap>(
  api: Api<Q, P>,
  version: number,
  reader: ByteReader,
): Decoded<Q> {
  const hot = api.hot?.decodeRequest;
  if (hot === undefined) return api.request.decode(version, reader);
  if (!api.request.speaks(version)) throw new WireError(`${api.name} has no version ${version}`);
  return hot(version, reader);
}

export function encodeRequest<Q extends FieldMap, P extends FieldMap>(
  api: Api<Q, P>,
  version: number,
  writer: ByteWriter,
  message: Encodable<Q>,
): void {
  if (api.hot?.encodeRequest === undefined) api.request.encode(version, writer, message);
  else api.hot.encodeRequest(version, writer, message);
}

/** Throws `WireError` like `decodeRequest`. */
export function decodeResponse<Q extends FieldMap, P extends FieldMap>(
  api: Api<Q, P>,
  version: number,
  reader: ByteReader,
): Decoded<P> {
  const hot = api.hot?.decodeResponse;
  if (hot === undefined) return api.response.decode(version, reader);
  if (!api.response.speaks(version)) throw new WireError(`${api.name} has no version ${version}`);
  return hot(version, reader);
}

export function encodeResponse<Q extends FieldMap, P extends FieldMap>(
  api: Api<Q, P>,
  version: number,
  writer: ByteWriter,
  message: Encodable<P>,
): void {
  if (api.hot?.encodeResponse === undefined) api.response.encode(version, writer, message);
  else api.hot.encodeResponse(version, writer, message);
}

/**
 * Values that carry their own version in front, two bytes: what clients put into JoinGroup and SyncGroup, and what
 * coordinators keep in `__consumer_offsets`. Pure functions over a schema; a writer of their own, because they are
 * small and end up inside another message or a record.
 */
import { ByteReader } from '../bytes/reader.js';
import { ByteWriter } from '../bytes/writer.js';
import type { Decoded, Encodable, FieldMap } from './field.js';
import type { Schema } from './schema.js';

export function encodeVersioned<F extends FieldMap>(
  schema: Schema<F>,
  version: number,
  value: Encodable<F>,
): Uint8Array {
  const writer = new ByteWriter({ initialBytes: 128 });
  writer.int16(version);
  schema.encode(version, writer, value);
  return writer.written();
}

/** Throws `WireError` for bytes that do not fit and versions that are not known. */
export function decodeVersioned<F extends FieldMap>(schema: Schema<F>, bytes: Uint8Array): Decoded<F> {
  const reader = new ByteReader(bytes);
  return schema.decode(reader.int16(), reader);
}

/** Like `decodeVersioned`, but newer versions are read as the newest known one, whose fields they begin with. */
export function decodeVersionedOrNewer<F extends FieldMap>(
  schema: Schema<F>,
  bytes: Uint8Array,
): Decoded<F> & { version: number } {
  const reader = new ByteReader(bytes);
  const version = reader.int16();
  return { version, ...schema.decode(Math.min(version, schema.versions.max), reader) };
}

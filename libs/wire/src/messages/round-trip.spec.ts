/** Every version of every message with random contents: written and read again, cut, and spoilt. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { AnyApi } from '../api.js';
import { ByteReader } from '../bytes/reader.js';
import { WireError } from '../bytes/wire-error.js';
import { ByteWriter } from '../bytes/writer.js';
import { groupMetadataKey, groupMetadataValue, offsetCommitKey, offsetCommitValue } from '../index.js';
import type { AnySchema } from '../schema/schema.js';
import { arbitraryMessage, lengthsNotRefused, plain } from '../testing/arbitrary-message.js';
import type { Message } from '../testing/arbitrary-message.js';
import { APIS } from './index.js';

const records: readonly AnySchema[] = [
  groupMetadataKey,
  groupMetadataValue,
  offsetCommitKey,
  offsetCommitValue,
];
const schemas = [...APIS.flatMap((api: AnyApi) => [api.request, api.response]), ...records];
const cases = schemas.flatMap((schema) =>
  Array.from({ length: schema.versions.max - schema.versions.min + 1 }, (_, i) => ({
    name: `${schema.name} ${schema.versions.min + i}`,
    schema,
    version: schema.versions.min + i,
  })),
);

function encoded(schema: AnySchema, version: number, message: Message): Buffer {
  const writer = new ByteWriter({ initialBytes: 1 });
  schema.encode(version, writer, message as never);
  return writer.copy();
}

describe('every version of every message', () => {
  it.each(cases)('$name: what was written is read again, to the last byte', ({ schema, version }) => {
    fc.assert(
      fc.property(arbitraryMessage(schema.fields, version), (message) => {
        const bytes = encoded(schema, version, message);
        const reader = new ByteReader(bytes);
        const decoded = schema.decode(version, reader);
        expect(plain(decoded)).toEqual(plain(message));
        expect(reader.remaining).toBe(0);
        expect(encoded(schema, version, decoded as Message).equals(bytes)).toBe(true);
      }),
      { numRuns: 12 },
    );
  });

  it.each(cases)('$name: cut anywhere it is a wire error', ({ schema, version }) => {
    fc.assert(
      fc.property(arbitraryMessage(schema.fields, version), (message) => {
        const bytes = encoded(schema, version, message);
        expect(lengthsNotRefused(bytes, (reader) => schema.decode(version, reader))).toEqual([]);
      }),
      { numRuns: 3 },
    );
  });

  it.each(cases)('$name: spoilt bytes are read or refused, nothing else', ({ schema, version }) => {
    fc.assert(
      fc.property(
        arbitraryMessage(schema.fields, version),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        (message, spoils) => {
          const bytes = encoded(schema, version, message);
          for (const [at, byte] of spoils) if (bytes.length > 0) bytes[at % bytes.length] = byte;
          try {
            schema.decode(version, new ByteReader(bytes));
          } catch (error) {
            expect(error).toBeInstanceOf(WireError);
          }
        },
      ),
      { numRuns: 12 },
    );
  });
});

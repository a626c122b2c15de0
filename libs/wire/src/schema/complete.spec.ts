/** A message completed without bytes is what it would be after being written and read, for every message there is. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ByteReader } from '../bytes/reader.js';
import { ByteWriter } from '../bytes/writer.js';
import { APIS, metadataApi } from '../messages/index.js';
import { arbitraryMessage, plain } from '../testing/arbitrary-message.js';
import { completed } from './complete.js';
import type { FieldMap } from './field.js';
import type { AnySchema, Schema } from './schema.js';

function readBack(schema: AnySchema, version: number, message: object): unknown {
  const writer = new ByteWriter();
  schema.encode(version, writer, message as never);
  return schema.decode(version, new ByteReader(writer.written()));
}

const schemas = APIS.flatMap(({ request, response }) => [request, response]);

describe('completed', () => {
  it.each(schemas.map((schema) => [schema.name, schema] as const))('%s', (_name, schema) => {
    const { min, max } = schema.versions;
    for (const version of new Set([min, max])) {
      fc.assert(
        fc.property(arbitraryMessage(schema.fields, max), fc.array(fc.nat()), (drawn, dropped) => {
          // Fields that have a default need not be given.
          const names = Object.keys(drawn);
          const absent = new Set(dropped.map((at) => names[at % Math.max(1, names.length)]));
          const isGiven = ([name]: [string, unknown]): boolean =>
            !absent.has(name) || schema.fields[name]?.default === undefined;
          const message = Object.fromEntries(Object.entries(drawn).filter(isGiven));
          expect(plain(completed(schema as Schema<FieldMap>, version, message))).toEqual(
            plain(readBack(schema, version, message)),
          );
        }),
        { numRuns: 8 },
      );
    }
  });

  it('makes a message of its own', () => {
    const topics = [{ name: 'a' }];
    const message = completed(metadataApi.request, 12, { topics });
    message.topics?.push({ name: 'b', topicId: '' });
    expect(topics).toEqual([{ name: 'a' }]);
  });
});

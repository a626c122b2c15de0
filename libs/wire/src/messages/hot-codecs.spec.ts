/** The codecs written by hand for Produce and Fetch, byte by byte against those made of the schema. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeRequest, encodeResponse } from '../api.js';
import { ByteReader } from '../bytes/reader.js';
import { WireError } from '../bytes/wire-error.js';
import { ByteWriter } from '../bytes/writer.js';
import { arbitraryMessage, lengthsNotRefused, plain } from '../testing/arbitrary-message.js';
import { fetchApi, produceApi } from './index.js';
import type { FetchResponse, ProduceResponse } from './index.js';

const versionsOf = ({ min, max }: { min: number; max: number }): number[] =>
  Array.from({ length: max - min + 1 }, (_, i) => min + i);

/** Every property that a caller may leave out is left out now and then. */
const partial = (message: Record<string, unknown>, keep: ReadonlySet<string>, left: number): unknown =>
  Object.fromEntries(
    Object.entries(message).flatMap(([key, value], i) => {
      if (!keep.has(key) && (left >> (i % 8)) % 2 === 1) return [];
      if (!Array.isArray(value)) return [[key, value]];
      return [[key, value.map((e) => (isObject(e) ? partial(e, keep, left ^ (i + 1)) : (e as unknown)))]];
    }),
  );
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !(value instanceof Uint8Array);

const written = (encode: (writer: ByteWriter) => void, referenceBytesMin = Infinity): string => {
  const writer = new ByteWriter({ initialBytes: 1, referenceBytesMin });
  encode(writer);
  return writer.copy().toString('hex');
};

describe.each(versionsOf(produceApi.versions))('Produce %i by hand', (version) => {
  it('decodes requests as the schema does', () => {
    fc.assert(
      fc.property(arbitraryMessage(produceApi.request.fields, version), (message) => {
        const bytes = Buffer.from(
          written((w) => produceApi.request.encode(version, w, message as never)),
          'hex',
        );
        const reader = new ByteReader(bytes);
        const decoded = decodeRequest(produceApi, version, reader);
        expect(plain(decoded)).toEqual(plain(produceApi.request.decode(version, new ByteReader(bytes))));
        expect(reader.remaining).toBe(0);
        expect(lengthsNotRefused(bytes, (cut) => decodeRequest(produceApi, version, cut))).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });

  it('encodes responses as the schema does, fields left out included', () => {
    const needed = new Set([
      'responses',
      'partitionResponses',
      'index',
      'errorCode',
      'baseOffset',
      'batchIndex',
    ]);
    for (const name of ['nodeId', 'host', 'port']) needed.add(name);
    fc.assert(
      fc.property(arbitraryMessage(produceApi.response.fields, version), fc.nat(255), (message, left) => {
        const given = partial(message, needed, left) as ProduceResponse;
        expect(written((w) => encodeResponse(produceApi, version, w, given))).toBe(
          written((w) => produceApi.response.encode(version, w, given)),
        );
      }),
      { numRuns: 50 },
    );
  });
});

describe.each(versionsOf(fetchApi.versions))('Fetch %i by hand', (version) => {
  it('decodes requests as the schema does', () => {
    fc.assert(
      fc.property(arbitraryMessage(fetchApi.request.fields, version), (message) => {
        const bytes = Buffer.from(
          written((w) => fetchApi.request.encode(version, w, message as never)),
          'hex',
        );
        const reader = new ByteReader(bytes);
        const decoded = decodeRequest(fetchApi, version, reader);
        expect(plain(decoded)).toEqual(plain(fetchApi.request.decode(version, new ByteReader(bytes))));
        expect(reader.remaining).toBe(0);
        expect(lengthsNotRefused(bytes, (cut) => decodeRequest(fetchApi, version, cut))).toEqual([]);
      }),
      { numRuns: 20 },
    );
  });

  it('encodes responses as the schema does, fields left out and records referenced included', () => {
    const needed = new Set([
      'responses',
      'partitions',
      'partitionIndex',
      'errorCode',
      'highWatermark',
      'records',
    ]);
    for (const name of ['producerId', 'firstOffset', 'nodeId', 'host', 'port']) needed.add(name);
    fc.assert(
      fc.property(arbitraryMessage(fetchApi.response.fields, version), fc.nat(255), (message, left) => {
        const given = partial(message, needed, left) as FetchResponse;
        const byHand = (writer: ByteWriter): void => encodeResponse(fetchApi, version, writer, given);
        const bySchema = written((w) => fetchApi.response.encode(version, w, given));
        expect(written(byHand)).toBe(bySchema);
        expect(written(byHand, 1)).toBe(bySchema);
      }),
      { numRuns: 50 },
    );
  });
});

describe('tags in requests by hand', () => {
  it('skips tags that a version does not know, and refuses a wrong size', () => {
    // One topic, one partition, whose tagged section has tag 1 (known from 18 on only) and an unknown tag 9.
    const head = Buffer.alloc(4 + 4 + 4 + 1 + 4 + 4);
    const partition = Buffer.alloc(4 + 4 + 8 + 4 + 8 + 4);
    const topic = [Buffer.from([2]), Buffer.alloc(16, 7), Buffer.from([2]), partition];
    const tags = Buffer.from('02' + '0108000000000000002a' + '09020102', 'hex');
    const tail = Buffer.from([0, 1, 1, 0]);
    const bytes = Buffer.concat([head, ...topic, tags, tail]);
    const highWatermark = (version: number): number | undefined =>
      decodeRequest(fetchApi, version, new ByteReader(bytes)).topics[0]?.partitions[0]?.highWatermark;
    expect(highWatermark(17)).toBe(2 ** 63);
    expect(highWatermark(18)).toBe(42);
    const wrong = Buffer.from(bytes.toString('hex').replace('0108', '0107'), 'hex');
    expect(() => decodeRequest(fetchApi, 18, new ByteReader(wrong))).toThrow(WireError);
  });

  it('refuses versions that are not spoken', () => {
    expect(() => decodeRequest(fetchApi, 3, new ByteReader(Buffer.alloc(99)))).toThrow(WireError);
    expect(() => decodeRequest(produceApi, 2, new ByteReader(Buffer.alloc(99)))).toThrow(WireError);
  });
});

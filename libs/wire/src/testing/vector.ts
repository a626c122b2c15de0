/**
 * Compares a message with hexadecimal text that was put together by hand, one line per field or group of fields
 * ("0005 error"), in both directions. Test only.
 */
import { expect } from '@jest/globals';
import { decodeRequest, decodeResponse, encodeRequest, encodeResponse } from '../api.js';
import type { Api } from '../api.js';
import { ByteReader } from '../bytes/reader.js';
import { ByteWriter } from '../bytes/writer.js';
import type { Decoded, Encodable, FieldMap } from '../schema/field.js';
import { plain } from './arbitrary-message.js';

const join = (lines: readonly string[]): string => lines.map((line) => line.split(' ')[0]).join('');

export function isRequest<Q extends FieldMap, P extends FieldMap>(
  api: Api<Q, P>,
  version: number,
  message: Decoded<Q>,
  lines: readonly string[],
): void {
  const writer = new ByteWriter({ initialBytes: 1 });
  encodeRequest(api, version, writer, message as unknown as Encodable<Q>);
  expect(writer.copy().toString('hex')).toBe(join(lines));
  const reader = new ByteReader(Buffer.from(join(lines), 'hex'));
  expect(plain(decodeRequest(api, version, reader))).toEqual(plain(message));
  expect(reader.remaining).toBe(0);
}

export function isResponse<Q extends FieldMap, P extends FieldMap>(
  api: Api<Q, P>,
  version: number,
  message: Decoded<P>,
  lines: readonly string[],
): void {
  const writer = new ByteWriter({ initialBytes: 1 });
  encodeResponse(api, version, writer, message as unknown as Encodable<P>);
  expect(writer.copy().toString('hex')).toBe(join(lines));
  const reader = new ByteReader(Buffer.from(join(lines), 'hex'));
  expect(plain(decodeResponse(api, version, reader))).toEqual(plain(message));
  expect(reader.remaining).toBe(0);
}

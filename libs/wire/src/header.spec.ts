/** Headers of requests and responses in each of their versions. */
import { describe, expect, it } from '@jest/globals';
import { ByteReader } from './bytes/reader.js';
import { WireError } from './bytes/wire-error.js';
import { ByteWriter } from './bytes/writer.js';
import { readRequestHeader, readResponseHeader, writeRequestHeader, writeResponseHeader } from './header.js';
import { apiOf, apiVersionsApi, metadataApi, offsetDeleteApi, saslHandshakeApi } from './messages/index.js';

const hexOf = (write: (writer: ByteWriter) => void): string => {
  const writer = new ByteWriter({ initialBytes: 1 });
  write(writer);
  return writer.copy().toString('hex');
};

describe('request header', () => {
  const TABLE = [
    { api: metadataApi, apiVersion: 8, clientId: 'rd', hex: '0003000800000005' + '00027264' },
    { api: metadataApi, apiVersion: 9, clientId: 'rd', hex: '0003000900000005' + '00027264' + '00' },
    { api: metadataApi, apiVersion: 9, clientId: null, hex: '0003000900000005' + 'ffff' + '00' },
    { api: metadataApi, apiVersion: 1, clientId: '', hex: '0003000100000005' + '0000' },
    { api: apiVersionsApi, apiVersion: 3, clientId: 'a', hex: '0012000300000005' + '000161' + '00' },
    { api: saslHandshakeApi, apiVersion: 1, clientId: 'a', hex: '0011000100000005' + '000161' },
    { api: offsetDeleteApi, apiVersion: 0, clientId: 'a', hex: '002f000000000005' + '000161' },
  ];

  it.each(TABLE)('of $api.name $apiVersion', ({ api, apiVersion, clientId, hex }) => {
    expect(hexOf((w) => writeRequestHeader(w, api, { apiVersion, correlationId: 5, clientId }))).toBe(hex);
    const reader = new ByteReader(Buffer.from(`${hex}77`, 'hex'));
    expect(readRequestHeader(reader, apiOf)).toEqual({
      apiKey: api.key,
      apiVersion,
      correlationId: 5,
      clientId,
    });
    expect(reader.remaining).toBe(1);
  });

  it('skips tagged fields, takes negative correlation ids', () => {
    const reader = new ByteReader(Buffer.from('00030009fffffffe0000' + '0203020102' + '0500' + '77', 'hex'));
    expect(readRequestHeader(reader, apiOf).correlationId).toBe(-2);
    expect(reader.remaining).toBe(1);
  });

  it('reads an unknown key as far as its client id, and leaves the body alone', () => {
    const reader = new ByteReader(Buffer.from('7fff0009000000010001617777', 'hex'));
    expect(readRequestHeader(reader, apiOf)).toEqual({
      apiKey: 0x7fff,
      apiVersion: 9,
      correlationId: 1,
      clientId: 'a',
    });
    expect(reader.remaining).toBe(2);
  });

  it('cut anywhere is a wire error', () => {
    const bytes = Buffer.from('000300090000000500027264' + '00', 'hex');
    for (let length = 0; length < bytes.length; length += 1) {
      expect(() => readRequestHeader(new ByteReader(bytes, 0, length), apiOf)).toThrow(WireError);
    }
  });
});

describe('response header', () => {
  it.each([
    { api: metadataApi, version: 8, hex: '00000005' },
    { api: metadataApi, version: 9, hex: '0000000500' },
    { api: apiVersionsApi, version: 0, hex: '00000005' },
    { api: apiVersionsApi, version: 3, hex: '00000005' },
    { api: apiVersionsApi, version: 4, hex: '00000005' },
    { api: offsetDeleteApi, version: 0, hex: '00000005' },
  ])('of $api.name $version', ({ api, version, hex }) => {
    expect(hexOf((w) => writeResponseHeader(w, api, version, 5))).toBe(hex);
    const reader = new ByteReader(Buffer.from(`${hex}77`, 'hex'));
    expect(readResponseHeader(reader, api, version)).toBe(5);
    expect(reader.remaining).toBe(1);
  });
});

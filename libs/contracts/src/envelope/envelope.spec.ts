/** The envelope, written and read: what passes, what is refused, and who may write which type. */
import { MESSAGE_TYPES } from '../messages/message-types.js';
import { EVENTS, EXPERIMENT_ID } from '../testing/history.js';
import { type Decoded, decode, encode, newMessage, type RawRecord } from './envelope.js';

const message = EVENTS.launched();
const record = encode({ ...message, traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' });
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const withHeader = (name: string, value: string | undefined): RawRecord => {
  const headers: Record<string, string | undefined> = { ...record.headers, [name]: value };
  return { ...record, headers };
};

describe('the envelope', () => {
  it('is readable for people and other programs', () => {
    expect(record).toEqual({
      key: EXPERIMENT_ID,
      value: '{"processCount":1}',
      headers: {
        id: message.id,
        type: 'ExperimentLaunched',
        version: '1',
        gateway: 'default',
        actor: 'admin',
        cause: 'tidemark.commands/3@7',
        time: '2026-01-31T12:00:00.000Z',
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        'content-type': 'application/json',
      },
    });
  });

  it.each<[string, RawRecord]>([
    ['texts', record],
    [
      'bytes',
      {
        key: bytes(record.key),
        value: bytes(record.value),
        headers: Object.fromEntries(
          Object.entries(record.headers).map(([name, value]) => [name, bytes(value)]),
        ),
      },
    ],
    ['a map of headers', { ...record, headers: new Map(Object.entries(record.headers)) }],
    [
      'repeated headers',
      {
        ...record,
        headers: Object.fromEntries(
          Object.entries(record.headers).map(([name, value]) => [name, [value, 'x']]),
        ),
      },
    ],
    ['strange headers too', withHeader('x-custom', '1')],
  ])('comes back from %s', (_, raw) => {
    expect(decode(raw)).toEqual({
      kind: 'message',
      message: { ...message, traceparent: record.headers.traceparent },
    });
  });

  it.each<[string, RawRecord, Decoded['kind']]>([
    ['nothing at all', { key: null, value: null, headers: {} }, 'tombstone'],
    ['no headers', { key: 'x', value: '{}' }, 'malformed'],
    ['no key', { ...record, key: null }, 'malformed'],
    ['a key that is not UTF-8', { ...record, key: new Uint8Array([0xff]) }, 'malformed'],
    ['no value', { ...record, value: null }, 'tombstone'],
    ['a value that is not JSON', { ...record, value: '{' }, 'malformed'],
    ['a value that is not UTF-8', { ...record, value: new Uint8Array([0x22, 0xff, 0x22]) }, 'malformed'],
    ['another JSON value', { ...record, value: '42' }, 'malformed'],
    ['a payload that breaks the contract', { ...record, value: '{"processCount":"one"}' }, 'malformed'],
    ['no type', withHeader('type', undefined), 'malformed'],
    ['a type nobody knows', withHeader('type', 'ExperimentFrozen'), 'unknown-type'],
    ['a type of every object', withHeader('type', 'constructor'), 'unknown-type'],
    ['no version', withHeader('version', undefined), 'malformed'],
    ['a version that is no number', withHeader('version', '1.5'), 'malformed'],
    ['a newer version', withHeader('version', '2'), 'newer-version'],
    ['no id', withHeader('id', ''), 'malformed'],
    ['no actor', withHeader('actor', undefined), 'malformed'],
    ['no gateway', withHeader('gateway', undefined), 'malformed'],
    ['no time', withHeader('time', 'now'), 'malformed'],
    ['a day that does not exist', withHeader('time', '2026-02-30T12:00:00.000Z'), 'malformed'],
    ['a header as long as a book', withHeader('actor', 'x'.repeat(2000)), 'malformed'],
  ])('says so of %s, and does not throw', (_, raw, kind) => {
    expect(decode(raw).kind).toBe(kind);
  });

  it('does not write what breaks the contract', () => {
    const { key, id, gateway, actor, time } = message;
    expect(() =>
      newMessage('ExperimentLaunched', { processCount: 0 }, { key, id, gateway, actor, time }),
    ).toThrow();
  });

  it('has one writer and one topic for every type', () => {
    for (const { topic, writer, version } of Object.values(MESSAGE_TYPES)) {
      expect(topic).toMatch(/^tidemark\./);
      expect(['api-server', 'metadata-server', 'application-manager']).toContain(writer);
      expect(version).toBeGreaterThan(0);
    }
  });
});

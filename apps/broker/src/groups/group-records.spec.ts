/** Records of `__consumer_offsets`, there and back, and to the byte against Kafka's. */
import { WireError } from '@tidemark/wire';
import type { GroupEvent } from './group-events.js';
import { decodeGroupEvent, encodeGroupEvent } from './group-records.js';

const EVENTS: GroupEvent[] = [
  {
    type: 'OffsetCommitted',
    groupId: 'g',
    topic: 't',
    partition: 3,
    offset: 2 ** 40,
    leaderEpoch: 7,
    metadata: 'µ',
    commitTimestampMs: 1_700_000_000_000,
  },
  { type: 'OffsetForgotten', groupId: 'g', topic: 't', partition: 3 },
  {
    type: 'GroupStored',
    groupId: 'g',
    group: {
      protocolType: 'consumer',
      generation: 5,
      protocolName: 'range',
      leaderId: 'm',
      stateSinceMs: 12,
      members: [
        {
          memberId: 'm',
          instanceId: null,
          clientId: 'c',
          clientHost: '/127.0.0.1',
          rebalanceTimeoutMs: 60_000,
          sessionTimeoutMs: 6000,
          subscription: Buffer.from('s'),
          assignment: Buffer.from('a'),
        },
      ],
    },
  },
  {
    type: 'GroupStored',
    groupId: '',
    group: {
      protocolType: 'consumer',
      generation: 6,
      protocolName: null,
      leaderId: null,
      stateSinceMs: 1,
      members: [],
    },
  },
  { type: 'GroupForgotten', groupId: 'g' },
];

const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('group records', () => {
  it.each(EVENTS.map((event) => [event.type, event] as const))(
    '%s survives the way to bytes and back',
    (_, event) => {
      expect(decodeGroupEvent(encodeGroupEvent(event))).toEqual(event);
    },
  );

  it('have the bytes that Kafka writes', () => {
    const { key, value } = encodeGroupEvent(EVENTS[0]!);
    expect(Buffer.from(key!).toString('hex')).toBe('0001' + '000167' + '000174' + '00000003');
    expect(Buffer.from(value!).toString('hex')).toBe(
      '0003' + '0000010000000000' + '00000007' + '0002c2b5' + '0000018bcfe56800',
    );
  });

  it('of a group have the bytes that Kafka writes', () => {
    const { key, value } = encodeGroupEvent(EVENTS[2]!);
    expect(Buffer.from(key!).toString('hex')).toBe('0002' + '000167');
    const group = [
      '0003',
      '0008636f6e73756d6572', // consumer
      '00000005',
      '000572616e6765', // range
      '00016d',
      '000000000000000c',
      '00000001', // one member
      '00016d',
      'ffff',
      '000163',
      '000a2f3132372e302e302e31', // /127.0.0.1
      '0000ea60',
      '00001770',
      '0000000173',
      '0000000161',
    ];
    expect(Buffer.from(value!).toString('hex')).toBe(group.join(''));
  });

  it('of older versions are read', () => {
    const key = hex('0000 0001 67 0001 74 00000003');
    // Version 1 has an expiry and no leader epoch.
    const value = hex('0001 0000000000000009 0000 0000000000000001 0000000000000002');
    expect(decodeGroupEvent({ key, value })).toMatchObject({
      type: 'OffsetCommitted',
      offset: 9,
      leaderEpoch: -1,
      commitTimestampMs: 1,
    });
  });

  it('of version 4, with a topic id in the tagged section, are read', () => {
    const key = hex('0001 0001 67 0001 74 00000003');
    const value = hex(`0004 0000000000000009 00000002 01 0000000000000001 01 00 10 ${'ab'.repeat(16)}`);
    expect(decodeGroupEvent({ key, value })).toMatchObject({
      type: 'OffsetCommitted',
      offset: 9,
      leaderEpoch: 2,
    });
  });

  it('of other coordinators are passed over', () => {
    expect(decodeGroupEvent({ key: hex('0003 0001 67'), value: null })).toBeUndefined();
  });

  it.each<[string, Uint8Array | null, Uint8Array | null]>([
    ['without a key', null, null],
    ['with a cut key', hex('0001 0005 67'), null],
    ['of an unknown version', hex('0002 0001 67'), hex('0009')],
    ['with a cut value', hex('0002 0001 67'), hex('0003 0001')],
  ])('%s are refused', (_, key, value) => {
    expect(() => decodeGroupEvent({ key, value })).toThrow(WireError);
  });
});

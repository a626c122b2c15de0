/** Subscriptions and assignments of consumers, to the byte. */
import { describe, expect, it } from '@jest/globals';
import { WireError } from './bytes/wire-error.js';
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from './consumer-protocol.js';

const bytesOf = (hex: string): Uint8Array => Buffer.from(hex, 'hex');

describe('subscription', () => {
  it.each([
    [0, '0000' + '00000001' + '000174' + 'ffffffff', { ownedPartitions: [], generationId: -1, rackId: null }],
    [
      1,
      '0001' + '00000001' + '000174' + 'ffffffff' + '00000001' + '000174' + '00000001' + '00000002',
      { ownedPartitions: [{ topic: 't', partitions: [2] }], generationId: -1, rackId: null },
    ],
    [
      3,
      '0003' + '00000001' + '000174' + 'ffffffff' + '00000000' + '00000005' + '000172',
      { ownedPartitions: [], generationId: 5, rackId: 'r' },
    ],
  ])('of version %d', (version, hex, rest) => {
    const subscription = { topics: ['t'], userData: null, ...rest };
    expect(decodeSubscription(bytesOf(hex))).toEqual({ version, ...subscription });
    expect(Buffer.from(encodeSubscription(subscription, version)).toString('hex')).toBe(hex);
  });

  it('of a newer version is read as far as it is known', () => {
    const hex = '0009' + '00000000' + 'ffffffff' + '00000000' + '00000005' + 'ffff' + 'aabbcc';
    expect(decodeSubscription(bytesOf(hex))).toMatchObject({ version: 9, generationId: 5 });
  });

  it.each(['', '0000', 'ffff00000000ffffffff', '00007fffffff'])('%s is not one', (hex) => {
    expect(() => decodeSubscription(bytesOf(hex))).toThrow(WireError);
  });
});

describe('assignment', () => {
  it('names partitions by topic', () => {
    const hex = '0000' + '00000001' + '000174' + '00000002' + '00000000' + '00000001' + '00000001' + '07';
    const assignment = { assignedPartitions: [{ topic: 't', partitions: [0, 1] }], userData: bytesOf('07') };
    expect(decodeAssignment(bytesOf(hex)).assignedPartitions).toEqual(assignment.assignedPartitions);
    expect(Buffer.from(encodeAssignment(assignment, 0)).toString('hex')).toBe(hex);
  });

  it('of no bytes is no partitions', () => {
    expect(decodeAssignment(new Uint8Array(0)).assignedPartitions).toEqual([]);
  });
});

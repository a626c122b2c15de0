/** Keys and values of `__consumer_offsets`, to the byte, in every version that is read. */
import { describe, expect, it } from '@jest/globals';
import { WireError } from '../bytes/wire-error.js';
import {
  decodeCoordinatorKey,
  decodeGroupMetadataValue,
  decodeOffsetCommitValue,
  encodeGroupMetadataKey,
  encodeGroupMetadataValue,
  encodeOffsetCommitKey,
  encodeOffsetCommitValue,
} from './index.js';

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytesOf = (hex: string): Uint8Array => Buffer.from(hex, 'hex');

describe('keys', () => {
  it('name a committed offset', () => {
    const key = { group: 'g', topic: 't', partition: 2 };
    const hex = '0001' + '000167' + '000174' + '00000002';
    expect(hexOf(encodeOffsetCommitKey(key))).toBe(hex);
    expect(decodeCoordinatorKey(bytesOf(hex))).toEqual({ kind: 'offset-commit', ...key });
    expect(decodeCoordinatorKey(bytesOf(`0000${hex.slice(4)}`))).toEqual({ kind: 'offset-commit', ...key });
  });

  it('name a group', () => {
    expect(hexOf(encodeGroupMetadataKey({ group: 'g' }))).toBe('0002' + '000167');
    expect(decodeCoordinatorKey(bytesOf('0002000167'))).toEqual({ kind: 'group-metadata', group: 'g' });
  });

  it.each([
    ['0003000167', 3],
    ['ffff', -1],
  ])('%s is of a kind that we skip', (hex, keyType) => {
    expect(decodeCoordinatorKey(bytesOf(hex))).toEqual({ kind: 'unknown', keyType });
  });

  it.each(['', '00', '000100', '00010001670001'])('cut short (%s) are a wire error', (hex) => {
    expect(() => decodeCoordinatorKey(bytesOf(hex))).toThrow(WireError);
  });
});

describe('values', () => {
  it('of a committed offset are written in version 3', () => {
    const value = { offset: 7, leaderEpoch: 1, metadata: 'm', commitTimestamp: 1000 };
    const hex = '0003' + '0000000000000007' + '00000001' + '00016d' + '00000000000003e8';
    expect(hexOf(encodeOffsetCommitValue(value))).toBe(hex);
    expect(decodeOffsetCommitValue(bytesOf(hex))).toMatchObject(value);
  });

  it('of a committed offset are read in older and newer versions', () => {
    const expiring = '0001' + '0000000000000007' + '00016d' + '00000000000003e8' + '00000000000007d0';
    expect(decodeOffsetCommitValue(bytesOf(expiring))).toMatchObject({
      leaderEpoch: -1,
      expireTimestamp: 2000,
    });
    const flexible = '0004' + '0000000000000007' + '00000001' + '026d' + '00000000000003e8' + '00';
    expect(decodeOffsetCommitValue(bytesOf(flexible))).toMatchObject({ offset: 7, metadata: 'm' });
    expect(() => decodeOffsetCommitValue(bytesOf(`0005${flexible.slice(4)}`))).toThrow(WireError);
  });

  it('of a group hold its members', () => {
    const member = {
      memberId: 'm',
      groupInstanceId: null,
      clientId: 'c',
      clientHost: '/h',
      rebalanceTimeout: 300,
      sessionTimeout: 200,
      subscription: bytesOf('01'),
      assignment: bytesOf('0203'),
    };
    const value = {
      protocolType: 'consumer',
      generation: 4,
      protocol: 'range',
      leader: null,
      currentStateTimestamp: 1000,
      members: [member],
    };
    const hex =
      '0003' +
      '0008636f6e73756d6572' +
      '00000004' +
      '000572616e6765' +
      'ffff' +
      '00000000000003e8' +
      '00000001';
    const memberHex =
      '00016d' + 'ffff' + '000163' + '00022f68' + '0000012c' + '000000c8' + '0000000101' + '000000020203';
    expect(hexOf(encodeGroupMetadataValue(value))).toBe(hex + memberHex);
    const [decoded] = decodeGroupMetadataValue(bytesOf(hex + memberHex)).members;
    expect(decoded).toMatchObject({ memberId: 'm', rebalanceTimeout: 300 });
    expect(hexOf(decoded!.assignment)).toBe('0203');
  });
});

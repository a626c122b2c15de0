/** Control batches to the byte: transaction markers, leader changes, snapshot headers and footers. */
import { describe, expect, it } from '@jest/globals';
import { ZERO_UUID } from '../bytes/uuid.js';
import {
  batchLeaderEpoch,
  batchSizeBytes,
  isControl,
  isTransactional,
  readBatchHeader,
} from './batch-header.js';
import {
  ControlType,
  buildEndTransactionMarker,
  buildLeaderChange,
  buildSnapshotFooter,
  buildSnapshotHeader,
  readControlRecord,
} from './control.js';
import { readBatchRecords } from './records.js';

describe('a control batch', () => {
  it.each([
    [true, ControlType.COMMIT],
    [false, ControlType.ABORT],
  ])('says how a transaction ended (commit %s)', (commit, type) => {
    const marker = {
      commit,
      producerId: 4,
      producerEpoch: 1,
      coordinatorEpoch: 77,
      timestamp: 1_700_000_000_000,
    };
    const batch = buildEndTransactionMarker(marker);
    expect(readControlRecord(batch)).toEqual({ type, coordinatorEpoch: 77 });
    expect(batchSizeBytes(batch, 0)).toBe(batch.length);
    expect(readBatchHeader(batch, 0)).toMatchObject({ attributes: 0x30, producerId: 4, baseSequence: -1 });
  });
});

const ID = '00112233-4455-6677-8899-aabbccddeeff';
const place = { timestamp: 1_700_000_000_000, leaderEpoch: 7, baseOffset: 40 };

/** Key and value of the one record in hexadecimal. */
function record(batch: Uint8Array): [string, string] {
  const [only] = [...readBatchRecords(batch)];
  const hex = (bytes: Uint8Array | null | undefined): string => Buffer.from(bytes ?? []).toString('hex');
  return [hex(only?.key), hex(only?.value)];
}

describe('a leader change', () => {
  const change = {
    leaderId: 2,
    voters: [
      { voterId: 1, voterDirectoryId: ID },
      { voterId: 2, voterDirectoryId: ZERO_UUID },
    ],
    grantingVoters: [{ voterId: 2, voterDirectoryId: ZERO_UUID }],
  };

  it('is laid out as Kafka does', () => {
    const batch = buildLeaderChange(change, place);
    expect(record(batch)).toEqual([
      '00000002',
      [
        '0001', // version
        '00000002', // leader
        '03', // two voters
        '00000001',
        '00112233445566778899aabbccddeeff',
        '00',
        '00000002',
        '00000000000000000000000000000000',
        '00',
        '02', // one granted
        '00000002',
        '00000000000000000000000000000000',
        '00',
        '00',
      ].join(''),
    ]);
  });

  it('begins an epoch: a control batch outside of any transaction, with the epoch and the offset it was given', () => {
    const batch = buildLeaderChange(change, place);
    expect(isControl(batch, 0)).toBe(true);
    expect(isTransactional(batch, 0)).toBe(false);
    expect(batchLeaderEpoch(batch, 0)).toBe(7);
    expect([...readBatchRecords(batch)].map(({ offset }) => offset)).toEqual([40]);
  });

  it('without directory ids names none', () => {
    const batch = buildLeaderChange({ leaderId: 1, voters: [{ voterId: 1 }], grantingVoters: [] }, place);
    expect(record(batch)[1]).toBe(`0001000000010200000001${'0'.repeat(32)}000100`);
  });
});

describe('a snapshot', () => {
  it('has a header with the time of its last record, and a footer', () => {
    const header = buildSnapshotHeader(258, place);
    expect(record(header)).toEqual(['00000003', '0000000000000000010200']);
    const footer = buildSnapshotFooter(place);
    expect(record(footer)).toEqual(['00000004', '000000']);
    expect(readControlRecord(footer)?.type).toBe(ControlType.SNAPSHOT_FOOTER);
  });
});

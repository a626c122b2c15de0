/**
 * Control batches: the one record in a batch with the control bit that says something about the log itself: what
 * happened to a transaction, who leads from here on, where a snapshot begins and ends. Pure functions; written by
 * transaction coordinators, new leaders and snapshot writers, read by the log's producer state, by replicas and (to
 * be skipped) by consumers. Keys and values carry their version in front, two bytes.
 * Source: KIP-98, KIP-595, KIP-630; Kafka's `ControlRecordType`, `EndTxnMarker`, `LeaderChangeMessage`.
 */
import { ByteWriter } from '../bytes/writer.js';
import type { Encodable, FieldMap } from '../schema/field.js';
import { arrayOf, int32, int64, uuid } from '../schema/fields.js';
import { Schema } from '../schema/schema.js';
import type { BatchOptions } from './records.js';
import { buildBatch, readBatchRecords } from './records.js';

export const ControlType = {
  ABORT: 0,
  COMMIT: 1,
  LEADER_CHANGE: 2,
  SNAPSHOT_HEADER: 3,
  SNAPSHOT_FOOTER: 4,
  KRAFT_VERSION: 5,
  KRAFT_VOTERS: 6,
} as const;

export interface ControlRecord {
  /** One of `ControlType`, or a number that a later version made. */
  readonly type: number;
  /** Of ABORT and COMMIT; -1 of all others. */
  readonly coordinatorEpoch: number;
}

export interface EndTransactionMarker {
  readonly commit: boolean;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly coordinatorEpoch: number;
  readonly timestamp: number;
}

const voters = () => arrayOf({ voterId: int32(), voterDirectoryId: uuid({ since: 1 }) });

/** Version 1 adds directory ids (KIP-853). */
export const leaderChangeMessage = new Schema(
  { name: 'LeaderChangeMessage', versions: { min: 0, max: 1 }, flexibleFrom: 0 },
  { leaderId: int32(), voters: voters(), grantingVoters: voters() },
);
export const snapshotHeaderRecord = new Schema(
  { name: 'SnapshotHeaderRecord', versions: { min: 0, max: 0 }, flexibleFrom: 0 },
  { lastContainedLogTimestamp: int64() },
);
export const snapshotFooterRecord = new Schema(
  { name: 'SnapshotFooterRecord', versions: { min: 0, max: 0 }, flexibleFrom: 0 },
  {},
);

/** Where a control batch of a quorum goes. */
export type ControlBatchPlace = Pick<BatchOptions, 'timestamp' | 'baseOffset' | 'leaderEpoch'>;

const LEADER_CHANGE_VERSION = 1;
const KEY_BYTES = 4;
const MARKER_BYTES = 6;

export function buildEndTransactionMarker(marker: EndTransactionMarker): Uint8Array {
  const value = new DataView(new ArrayBuffer(MARKER_BYTES));
  value.setInt32(2, marker.coordinatorEpoch);
  const { producerId, producerEpoch, timestamp } = marker;
  const type = marker.commit ? ControlType.COMMIT : ControlType.ABORT;
  const options = { timestamp, producerId, producerEpoch, transactional: true };
  return buildControlBatch(type, new Uint8Array(value.buffer), options);
}

/** What the control batch at `at` says; nothing when it is not laid out as one. */
export function readControlRecord(bytes: Uint8Array, at = 0): ControlRecord | undefined {
  for (const { key, value } of readBatchRecords(bytes, at)) {
    if (key === null || key.length < KEY_BYTES) return undefined;
    const type = new DataView(key.buffer, key.byteOffset).getInt16(2);
    const ends = type === ControlType.ABORT || type === ControlType.COMMIT;
    if (!ends) return { type, coordinatorEpoch: -1 };
    if (value === null || value.length < MARKER_BYTES) return undefined;
    return { type, coordinatorEpoch: new DataView(value.buffer, value.byteOffset).getInt32(2) };
  }
  return undefined;
}

/**
 * The first batch of a leader's epoch, in the metadata log and in quorum topics: once it is committed, so is
 * everything before it. Voters without a directory id are given the all-zero one.
 */
export function buildLeaderChange(
  change: Encodable<typeof leaderChangeMessage.fields>,
  place: ControlBatchPlace,
): Uint8Array {
  const value = encodeVersioned(leaderChangeMessage, LEADER_CHANGE_VERSION, change);
  return buildControlBatch(ControlType.LEADER_CHANGE, value, place);
}

/** The first batch of a snapshot. */
export function buildSnapshotHeader(lastContainedLogTimestamp: number, place: ControlBatchPlace): Uint8Array {
  const value = encodeVersioned(snapshotHeaderRecord, 0, { lastContainedLogTimestamp });
  return buildControlBatch(ControlType.SNAPSHOT_HEADER, value, place);
}

/** The last batch of a snapshot: without it the file is cut. */
export function buildSnapshotFooter(place: ControlBatchPlace): Uint8Array {
  return buildControlBatch(ControlType.SNAPSHOT_FOOTER, encodeVersioned(snapshotFooterRecord, 0, {}), place);
}

function buildControlBatch(type: number, value: Uint8Array, options: BatchOptions): Uint8Array {
  const key = new DataView(new ArrayBuffer(KEY_BYTES));
  key.setInt16(2, type);
  const record = { key: new Uint8Array(key.buffer), value };
  return buildBatch([record], { ...options, control: true });
}

function encodeVersioned<F extends FieldMap>(
  schema: Schema<F>,
  version: number,
  value: Encodable<F>,
): Uint8Array {
  const writer = new ByteWriter({ initialBytes: 128 });
  writer.int16(version);
  schema.encode(version, writer, value);
  return writer.written();
}

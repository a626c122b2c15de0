/**
 * Control batches: the one record in a batch with the control bit that says what happened to a transaction. Written
 * by the transaction coordinator, read by the log's producer state and by consumers.
 * Source: KIP-98, Kafka's `ControlRecordType` and `EndTransactionMarker`.
 */
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

const KEY_BYTES = 4;
const MARKER_BYTES = 6;

export function buildEndTransactionMarker(marker: EndTransactionMarker): Uint8Array {
  const key = new DataView(new ArrayBuffer(KEY_BYTES));
  key.setInt16(2, marker.commit ? ControlType.COMMIT : ControlType.ABORT);
  const value = new DataView(new ArrayBuffer(MARKER_BYTES));
  value.setInt32(2, marker.coordinatorEpoch);
  const record = { key: new Uint8Array(key.buffer), value: new Uint8Array(value.buffer) };
  const { producerId, producerEpoch, timestamp } = marker;
  return buildBatch([record], { timestamp, producerId, producerEpoch, transactional: true, control: true });
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

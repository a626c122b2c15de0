/**
 * A snapshot of the metadata as bytes (KIP-630): a header control batch, the events that lead to the state, a footer
 * control batch. Named by the offset after the last event that it stands for, and that event's epoch. Pure; the files
 * are `snapshots.ts`'s matter.
 */
import {
  WireError,
  batchSizeBytes,
  buildSnapshotFooter,
  buildSnapshotHeader,
  checkBatch,
  readControlRecord,
  setBatchBaseOffset,
  setBatchLeaderEpoch,
  ControlType,
  isControl,
} from '@tidemark/wire';
import { decodeEvents, encodeEvents } from '../../coordinators/event-records.js';
import type { ControllerEvent } from '../controller-events.js';
import { METADATA_CODEC } from './metadata-codec.js';

export interface SnapshotId {
  readonly endOffset: number;
  readonly epoch: number;
}

const SUFFIX = '.checkpoint';
const NAME = /^(\d{20})-(\d{10})\.checkpoint$/;
const EVENTS_PER_BATCH = 512;

export function snapshotName({ endOffset, epoch }: SnapshotId): string {
  return `${String(endOffset).padStart(20, '0')}-${String(epoch).padStart(10, '0')}${SUFFIX}`;
}

export function snapshotIdOf(name: string): SnapshotId | undefined {
  const match = NAME.exec(name);
  return match === null ? undefined : { endOffset: Number(match[1]), epoch: Number(match[2]) };
}

export function encodeSnapshot(
  events: readonly ControllerEvent[],
  { epoch }: SnapshotId,
  timestamp: number,
): Uint8Array {
  const batches = [buildSnapshotHeader(timestamp, { timestamp, baseOffset: 0, leaderEpoch: epoch })];
  let baseOffset = 1;
  for (let at = 0; at < events.length; at += EVENTS_PER_BATCH) {
    const part = events.slice(at, at + EVENTS_PER_BATCH);
    const batch = encodeEvents(METADATA_CODEC, part, timestamp);
    setBatchBaseOffset(batch, 0, baseOffset);
    setBatchLeaderEpoch(batch, 0, epoch);
    batches.push(batch);
    baseOffset += part.length;
  }
  batches.push(buildSnapshotFooter({ timestamp, baseOffset, leaderEpoch: epoch }));
  return Buffer.concat(batches);
}

/** Throws `WireError` when the bytes are no whole snapshot that this broker understands. */
export function decodeSnapshot(bytes: Uint8Array): ControllerEvent[] {
  const types: number[] = [];
  for (let at = 0; at < bytes.length; at += batchSizeBytes(bytes, at)) {
    const fault = checkBatch(bytes, at, bytes.length - at);
    if (fault !== undefined) throw new WireError(`snapshot: ${fault} at byte ${at}`);
    types.push(isControl(bytes, at) ? (readControlRecord(bytes, at)?.type ?? -1) : -1);
  }
  if (types[0] !== ControlType.SNAPSHOT_HEADER) throw new WireError('snapshot without its header');
  if (types.at(-1) !== ControlType.SNAPSHOT_FOOTER)
    throw new WireError('snapshot without its footer: it was cut');
  const onUnreadable = (_offset: number, error: Error): void => {
    throw error;
  };
  return decodeEvents(bytes, { codec: METADATA_CODEC, fromOffset: 0, onUnreadable }).map(
    ({ event }) => event,
  );
}

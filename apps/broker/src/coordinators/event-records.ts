/**
 * Between a decider's events and the record batches of its partition: one event is one record, the events of one
 * append are one batch. Pure; used by `partition-event-log.ts` and `controller/metadata-log.ts`, which differ in when
 * a record counts as committed and in nothing else.
 */
import type { LoggedEvent } from '@tidemark/decider';
import {
  CompressionError,
  WireError,
  batchSizeBytes,
  buildBatch,
  isControl,
  readBatchRecords,
} from '@tidemark/wire';

export interface EventBytes {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
}

export interface EventCodec<Event> {
  encode(event: Event): EventBytes;
  /** Undefined for records that are none of this decider's. Throws `WireError` at bytes that do not fit. */
  decode(record: EventBytes): Event | undefined;
}

export function encodeEvents<Event>(
  codec: EventCodec<Event>,
  events: readonly Event[],
  timestampMs: number,
): Uint8Array {
  return buildBatch(
    events.map((event) => codec.encode(event)),
    { timestamp: timestampMs },
  );
}

export interface DecodeOptions<Event> {
  readonly codec: EventCodec<Event>;
  /** Records below were read before: a read begins with the whole batch that holds its offset. */
  readonly fromOffset: number;
  /** A record that cannot be understood; it is passed over. */
  readonly onUnreadable: (offset: number, error: Error) => void;
}

/** The events in whole batches, in offset order; control batches are passed over. */
export function decodeEvents<Event>(
  batches: Uint8Array,
  { codec, fromOffset, onUnreadable }: DecodeOptions<Event>,
): LoggedEvent<Event>[] {
  const events: LoggedEvent<Event>[] = [];
  for (let at = 0; at < batches.length; at += batchSizeBytes(batches, at)) {
    if (isControl(batches, at)) continue;
    for (const record of readBatchRecords(batches, at)) {
      if (record.offset < fromOffset) continue;
      const event = decodeOne(codec, record, (error) => onUnreadable(record.offset, error));
      if (event !== undefined) events.push({ event, offset: record.offset });
    }
  }
  return events;
}

function decodeOne<Event>(
  codec: EventCodec<Event>,
  record: EventBytes,
  onUnreadable: (error: Error) => void,
): Event | undefined {
  try {
    return codec.decode(record);
  } catch (error) {
    if (!(error instanceof WireError || error instanceof CompressionError)) throw error;
    onUnreadable(error);
    return undefined;
  }
}

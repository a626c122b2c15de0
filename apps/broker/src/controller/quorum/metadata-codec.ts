/**
 * Controller events as the records of the metadata log and its snapshots: the key is null, the value a metadata record.
 */
import type { EventCodec } from '../../coordinators/event-records.js';
import type { ControllerEvent } from '../controller-events.js';
import { decodeControllerEvent, encodeControllerEvent } from '../metadata-records.js';

export const METADATA_CODEC: EventCodec<ControllerEvent> = {
  encode: (event) => ({ key: null, value: encodeControllerEvent(event) }),
  decode: ({ value }) => decodeControllerEvent(value ?? new Uint8Array()),
};

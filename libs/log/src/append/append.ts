/**
 * Decides about one record batch before anything is done with it: may it be appended, is it there already, or what is
 * wrong with it. Pure: it reads the batch, the producers and the configuration, and fills the answer in.
 *
 * Sources: Kafka's `LogValidator` and `UnifiedLog.analyzeAndValidateRecords`; KIP-98 and KIP-360 for producers.
 */
import {
  BATCH_HEADER_BYTES,
  Codec,
  DECOMPRESSED_BYTES_MAX,
  CompressionError,
  ErrorCode,
  NO_TIMESTAMP,
  RecordCursor,
  batchBaseOffset,
  batchBaseSequence,
  batchBaseTimestamp,
  batchCodec,
  batchMaxTimestamp,
  batchProducerId,
  batchSizeBytes,
  checkProducedBatch,
  isControl,
  isLogAppendTime,
  isTransactional,
  recordsOf,
  type BatchFault,
  type RecordScan,
} from '@tidemark/wire';
import type { AppendOrigin, AppendResult } from './append-result.js';
import type { LogConfig } from '../config/log-config.js';
import { SEQUENCE_ERRORS, type ProducerState } from '../producer/producer-state.js';

export interface AppendContext {
  readonly config: LogConfig;
  readonly producers: ProducerState;
  readonly nowMs: number;
  readonly origin: AppendOrigin;
}

const FAULT_ERRORS: Readonly<Record<BatchFault, ErrorCode>> = {
  truncated: ErrorCode.CORRUPT_MESSAGE,
  'bad-length': ErrorCode.CORRUPT_MESSAGE,
  'bad-crc': ErrorCode.CORRUPT_MESSAGE,
  'bad-magic': ErrorCode.INVALID_RECORD,
  'bad-records': ErrorCode.INVALID_RECORD,
  'bad-codec': ErrorCode.UNSUPPORTED_COMPRESSION_TYPE,
};

const NONE: readonly number[] = [];
const scan: RecordScan = { timestampDeltaMax: undefined };

export function resetResult(result: AppendResult): void {
  result.error = ErrorCode.NONE;
  result.errorMessage = null;
  result.baseOffset = -1;
  result.lastOffset = -1;
  result.logAppendTimeMs = -1;
  result.duplicate = false;
  result.recordErrors = NONE;
}

export function refuse(result: AppendResult, error: ErrorCode, message: string): false {
  result.error = error;
  result.errorMessage = message;
  return false;
}

/**
 * Whether the batch in all of `bytes` is to be appended. False: `result` holds the error, or says that it is a
 * duplicate, which is a success.
 */
export function admit(bytes: Uint8Array, context: AppendContext, result: AppendResult): boolean {
  const { config, origin } = context;
  if (bytes.length > config.maxMessageBytes && origin === 'client') {
    const detail = `the batch has ${bytes.length} bytes, the topic takes ${config.maxMessageBytes}`;
    return refuse(result, ErrorCode.MESSAGE_TOO_LARGE, detail);
  }
  const fault = checkProducedBatch(bytes, 0, bytes.length, scan);
  if (fault !== undefined) return refuse(result, FAULT_ERRORS[fault], `record batch: ${fault}`);
  if (batchSizeBytes(bytes, 0) !== bytes.length) {
    return refuse(result, ErrorCode.INVALID_RECORD, 'more than one record batch for a partition');
  }
  if (origin === 'client' && !admitsClientBatch(bytes, config, result)) return false;
  if (!config.logAppendTime && !admitsTimestamps(bytes, context, result)) return false;
  if (config.compacts && !isControl(bytes, 0) && !admitsKeys(bytes, result)) return false;
  return batchProducerId(bytes, 0) < 0 || admitsSequence(bytes, context, result);
}

/** What the header of the batch that was admitted last should give as its largest timestamp, if it does not. */
export function correctedMaxTimestamp(bytes: Uint8Array): number | undefined {
  if (scan.timestampDeltaMax === undefined) return undefined;
  const largest = batchBaseTimestamp(bytes, 0) + scan.timestampDeltaMax;
  return largest === batchMaxTimestamp(bytes, 0) ? undefined : largest;
}

function admitsClientBatch(bytes: Uint8Array, config: LogConfig, result: AppendResult): boolean {
  const invalid = (detail: string): false => refuse(result, ErrorCode.INVALID_RECORD, detail);
  if (isControl(bytes, 0)) return invalid('clients may not write control records');
  if (batchBaseOffset(bytes, 0) !== 0) return invalid('the base offset of a new batch is not 0');
  const hasProducer = batchProducerId(bytes, 0) >= 0;
  if (isTransactional(bytes, 0) && !hasProducer) return invalid('a transactional batch has no producer id');
  if (hasProducer && batchBaseSequence(bytes, 0) < 0) return invalid('a batch of a producer has no sequence');
  if (isLogAppendTime(bytes, 0) && !config.logAppendTime) {
    return refuse(result, ErrorCode.INVALID_TIMESTAMP, 'the broker does not stamp the records of this topic');
  }
  return true;
}

/** The first and the largest timestamp stand for all. */
function admitsTimestamps(bytes: Uint8Array, context: AppendContext, result: AppendResult): boolean {
  const { config, nowMs, origin } = context;
  if (origin !== 'client') return true;
  const largest = batchMaxTimestamp(bytes, 0);
  const first = batchBaseTimestamp(bytes, 0);
  const early = first !== NO_TIMESTAMP && nowMs - first > config.messageTimestampBeforeMaxMs;
  const late = largest !== NO_TIMESTAMP && largest - nowMs > config.messageTimestampAfterMaxMs;
  if (!early && !late) return true;
  return refuse(result, ErrorCode.INVALID_TIMESTAMP, 'a timestamp is too far from the clock of the broker');
}

/** Records without a key could never be compacted; each is named (KIP-467). */
function admitsKeys(bytes: Uint8Array, result: AppendResult): boolean {
  const keyless: number[] = [];
  try {
    const compressed = batchCodec(bytes, 0) !== Codec.NONE;
    const records = compressed ? recordsOf(bytes, 0, DECOMPRESSED_BYTES_MAX) : bytes;
    const cursor = new RecordCursor();
    cursor.reset(records, compressed ? 0 : BATCH_HEADER_BYTES, records.length);
    for (let index = 0; cursor.next(); index += 1) if (cursor.keyLength < 0) keyless.push(index);
    if (cursor.isMalformed()) return refuse(result, ErrorCode.INVALID_RECORD, 'malformed record');
  } catch (error) {
    if (!(error instanceof CompressionError)) throw error;
    const code =
      error.code === 'unsupported' ? ErrorCode.UNSUPPORTED_COMPRESSION_TYPE : ErrorCode.INVALID_RECORD;
    return refuse(result, code, error.message);
  }
  if (keyless.length === 0) return true;
  result.recordErrors = keyless;
  return refuse(result, ErrorCode.INVALID_RECORD, 'a compacted topic takes no record without a key');
}

function admitsSequence(bytes: Uint8Array, context: AppendContext, result: AppendResult): boolean {
  const { producers } = context;
  if (context.origin !== 'client') return true;
  const verdict = producers.check(bytes, 0);
  if (verdict === 'append') return true;
  if (verdict !== 'duplicate') {
    return refuse(result, SEQUENCE_ERRORS[verdict], `producer ${batchProducerId(bytes, 0)}: ${verdict}`);
  }
  result.duplicate = true;
  result.baseOffset = producers.duplicateOf.baseOffset;
  result.lastOffset = producers.duplicateOf.lastOffset;
  if (context.config.logAppendTime) result.logAppendTimeMs = producers.duplicateOf.timestamp;
  return false;
}

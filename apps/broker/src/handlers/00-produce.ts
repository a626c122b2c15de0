/**
 * Produce: appends one record batch per partition and answers when `acks` says so. Batches are looked at by their
 * header only and copied once, into the log's ring. Requests of one connection follow each other without waiting, so
 * that a turn of the event loop ends with one write for all of them.
 *
 * acks: 0 never answers (a failure closes the connection), 1 when written here, -1 when committed.
 */
import {
  BATCH_HEADER_BYTES,
  Codec,
  ErrorCode,
  batchCodec,
  isTransactional,
  produceApi,
  type ProduceRequest,
  type ProduceResponse,
} from '@tidemark/wire';
import type { AppendResult } from '@tidemark/log';
import type { Replica } from '../replicas/replica.js';
import { currentLeaderOf, nodeEndpoints } from './current-leader.js';
import { defineHandler, type BrokerContext, type RequestContext } from './handler.js';
import { RefusedSequences, placeOf, type BatchPlace } from './refused-sequences.js';

type TopicData = ProduceRequest['topicData'][number];
type PartitionResponse = {
  -readonly [K in keyof PartitionResponses[number]]: PartitionResponses[number][K];
};
type PartitionResponses = ProduceResponse['responses'][number]['partitionResponses'];
interface TopicResponse {
  readonly name: string;
  readonly topicId: string;
  readonly partitionResponses: readonly PartitionResponse[];
}
type Respond = (response: ProduceResponse | undefined) => void;

/** First version that names topics by id. */
const TOPIC_ID_VERSION = 13;
/** First version that may carry zstd. */
const ZSTD_VERSION = 7;
/** The one client that may write to internal topics, as in Kafka. */
const ADMIN_CLIENT_ID = '__admin_client';
const NO_RESPONSES: readonly TopicResponse[] = [];

/** A produce request until all of its partitions have an outcome. */
class PendingProduce {
  readonly expiresAt: number;
  private readonly acks: number;
  private remaining = 1;
  private failed = false;
  private responses: readonly TopicResponse[] = NO_RESPONSES;

  constructor(
    private readonly broker: BrokerContext,
    private readonly refused: RefusedSequences,
    private readonly context: RequestContext,
    { acks, timeoutMs }: Pick<ProduceRequest, 'acks' | 'timeoutMs'>,
    private readonly respond: Respond,
  ) {
    this.acks = acks;
    this.expiresAt = context.startedAt + Math.max(0, timeoutMs);
  }

  get done(): boolean {
    return this.remaining === 0;
  }

  run(topicData: readonly TopicData[]): void {
    this.responses = topicData.map((topic) => this.appendTopic(topic));
    this.settleOne();
  }

  /** The time is up: what is not committed may still become so, but the client is told that it is not known. */
  expire(): void {
    if (this.done) return;
    for (const { partitionResponses } of this.responses) {
      for (const response of partitionResponses) {
        if (response.errorCode === PENDING) this.fail(response, ErrorCode.REQUEST_TIMED_OUT, null);
      }
    }
    this.remaining = 0;
    this.finish();
  }

  private appendTopic({ name, topicId, partitionData }: TopicData): TopicResponse {
    const { replicas } = this.broker;
    const byId = this.context.apiVersion >= TOPIC_ID_VERSION;
    const hosted = byId ? replicas.topicById(topicId) : replicas.topic(name);
    const unknown = byId ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    const partitionResponses = partitionData.map(({ index, records }) => {
      const response = pendingResponse(index);
      const place = placeOf(byId ? topicId : name, index, records);
      const found = hosted?.partition(index) ?? unknown;
      if (typeof found === 'number') this.fail(response, found, null, place);
      else this.appendPartition(found, response, records, { place, internal: hosted?.internal === true });
      return response;
    });
    return { name, topicId, partitionResponses };
  }

  private appendPartition(
    replica: Replica,
    response: PartitionResponse,
    records: Uint8Array | null,
    { place, internal }: { readonly place: BatchPlace | undefined; readonly internal: boolean },
  ): void {
    const refusal = this.refusal(replica, records, internal);
    if (refusal !== ErrorCode.NONE || records === null) {
      this.fail(response, refusal, null, place);
      return;
    }
    if (place !== undefined && !this.refused.admits(place, replica.log.producers)) {
      this.fail(response, ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, 'an earlier batch was refused just now');
      return;
    }
    const result = replica.append(records, 'client');
    if (result.error !== ErrorCode.NONE) {
      this.failAppend(response, result, place);
      return;
    }
    if (place !== undefined) this.refused.forget(place);
    this.broker.metrics.producedBytes += records.length;
    this.broker.metrics.producedBatches += 1;
    response.baseOffset = result.baseOffset;
    response.logAppendTimeMs = result.logAppendTimeMs;
    response.logStartOffset = replica.logStartOffset;
    if (this.acks === 0) response.errorCode = ErrorCode.NONE;
    else this.wait(replica, response, result.lastOffset + 1, place);
  }

  private wait(replica: Replica, response: PartitionResponse, offset: number, place?: BatchPlace): void {
    this.remaining += 1;
    const settle = (error: ErrorCode): void => {
      if (response.errorCode !== PENDING) return;
      if (error === ErrorCode.NONE) response.errorCode = error;
      else this.fail(response, error, null, place);
      this.settleOne();
    };
    if (this.acks === 1) replica.onWritten(offset, settle);
    else replica.onCommitted(offset, settle);
  }

  /** What the log does not look at: rights, versions and the state of the partition. */
  private refusal(replica: Replica, records: Uint8Array | null, internal: boolean): ErrorCode {
    const { acks } = this;
    if (acks !== -1 && acks !== 0 && acks !== 1) return ErrorCode.INVALID_REQUIRED_ACKS;
    if (internal && this.context.clientId !== ADMIN_CLIENT_ID) return ErrorCode.INVALID_TOPIC_EXCEPTION;
    if (records === null || records.length < BATCH_HEADER_BYTES) return ErrorCode.INVALID_RECORD;
    if (batchCodec(records, 0) === Codec.ZSTD && this.context.apiVersion < ZSTD_VERSION) {
      return ErrorCode.UNSUPPORTED_COMPRESSION_TYPE;
    }
    // There is no transaction that the partition could be part of.
    if (isTransactional(records, 0)) return ErrorCode.INVALID_TXN_STATE;
    if (acks === -1 && !replica.hasEnoughInSync) return ErrorCode.NOT_ENOUGH_REPLICAS;
    return ErrorCode.NONE;
  }

  private failAppend(response: PartitionResponse, result: AppendResult, place?: BatchPlace): void {
    this.fail(response, result.error, result.errorMessage, place);
    if (result.recordErrors.length === 0) return;
    response.recordErrors = result.recordErrors.map((batchIndex) => ({
      batchIndex,
      batchIndexErrorMessage: result.errorMessage,
    }));
  }

  /** With a place: the batch is not in the log, or may not stay there, and may be sent again. */
  private fail(
    response: PartitionResponse,
    error: ErrorCode,
    message: string | null,
    place?: BatchPlace,
  ): void {
    if (place !== undefined) this.refused.note(place, error);
    this.failed = true;
    response.errorCode = error;
    response.baseOffset = -1;
    if (message !== null) response.errorMessage = message;
  }

  private settleOne(): void {
    this.remaining -= 1;
    if (this.remaining === 0) this.finish();
  }

  private finish(): void {
    if (this.acks === 0) {
      if (this.failed) this.context.close('produce-failed');
      this.respond(undefined);
      return;
    }
    const response: ProduceResponse = { responses: this.responses };
    this.respond(this.failed ? this.withLeaders(response) : response);
  }

  /** From version 10 on a wrong leader is answered with the right one. */
  private withLeaders(response: ProduceResponse): ProduceResponse {
    const moved = new Set<number>();
    for (const { name, topicId, partitionResponses } of this.responses) {
      for (const partition of partitionResponses) {
        if (partition.errorCode !== ErrorCode.NOT_LEADER_OR_FOLLOWER) continue;
        const leader = currentLeaderOf(this.broker.metadata(), { name, topicId }, partition.index);
        if (leader === undefined) continue;
        partition.currentLeader = leader;
        moved.add(leader.leaderId);
      }
    }
    return { ...response, nodeEndpoints: nodeEndpoints(this.broker.metadata(), moved) };
  }
}

/** Stands for "no outcome yet"; no error has this number. */
const PENDING = -32768;
const NO_RECORD_ERRORS: PartitionResponse['recordErrors'] = [];

/** Every answer has the same shape from its beginning: that is what the engine makes fast. */
function pendingResponse(index: number): PartitionResponse {
  return {
    index,
    errorCode: PENDING,
    baseOffset: -1,
    logAppendTimeMs: -1,
    logStartOffset: -1,
    recordErrors: NO_RECORD_ERRORS,
    errorMessage: null,
    currentLeader: undefined,
  };
}

/**
 * Requests that wait, in order of arrival. Those that are done are dropped when the next one comes, so that the queue
 * stays as short as what is really outstanding; what remains is looked at by a deadline.
 */
class Expiry {
  private waiting: PendingProduce[] = [];
  private first = 0;
  private armed = false;

  constructor(private readonly broker: BrokerContext) {}

  add(produce: PendingProduce): void {
    this.dropDone();
    this.waiting.push(produce);
    if (!this.armed) this.arm();
  }

  private arm(): void {
    this.armed = true;
    this.broker.deadlines.set(EXPIRY_CHECK_MS, () => {
      this.armed = false;
      const now = this.broker.clock.monotonic();
      for (const produce of this.waiting.slice(this.first)) if (produce.expiresAt <= now) produce.expire();
      this.dropDone();
      if (this.waiting.length > 0) this.arm();
    });
  }

  private dropDone(): void {
    while (this.waiting[this.first]?.done === true) this.first += 1;
    if (this.first === this.waiting.length) this.waiting.length = this.first = 0;
    else if (this.first > 4096) {
      this.waiting = this.waiting.slice(this.first);
      this.first = 0;
    }
  }
}

const EXPIRY_CHECK_MS = 100;

export const produceHandler = defineHandler(
  produceApi,
  (broker) => {
    const expiry = new Expiry(broker);
    const refused = new RefusedSequences(broker.clock);
    return (request, context, respond) => {
      const produce = new PendingProduce(broker, refused, context, request, respond);
      produce.run(request.topicData);
      if (!produce.done && request.acks === -1) expiry.add(produce);
    };
  },
  { pipelined: true },
);

/**
 * Fetch: record batches from an offset on. Answers consumers at once when there is enough, an error, or nothing to wait
 * for; else the request waits at its replicas and is looked at in every tick that commits records, until its time is
 * up. Fetch sessions are declined to consumers (session id 0), which the protocol allows: every request of theirs is a
 * full one. Followers have them (`replicas/sessions/`), and nothing else.
 */
import {
  BATCH_HEADER_BYTES,
  Codec,
  ErrorCode,
  batchCodec,
  batchSizeBytes,
  fetchApi,
  type FetchRequest,
  type FetchResponse,
} from '@tidemark/wire';
import { isMetadataFetch } from '../controller/quorum/quorum-wire.js';
import { FetchInProgress } from '../replicas/fetch-request.js';
import { PartitionRead } from '../replicas/partition-read.js';
import { currentLeaderOf, nodeEndpoints } from './current-leader.js';
import { defineHandler, type BrokerContext, type RequestContext } from './handler.js';
import { fetchMetadata } from './metadata-fetch.js';

type TopicAsked = FetchRequest['topics'][number];
type PartitionAnswer = Omit<FetchResponse['responses'][number]['partitions'][number], 'abortedTransactions'>;

interface TopicRead {
  readonly topic: string;
  readonly topicId: string;
  readonly partitions: readonly PartitionRead[];
}

/** First version that names topics by id. */
const TOPIC_ID_VERSION = 13;
/** First version whose wrong-leader errors carry the right leader. */
const LEADER_HINT_VERSION = 16;
/** First version that may carry zstd. */
const ZSTD_VERSION = 10;
const READ_COMMITTED = 1;
const NO_RECORDS = new Uint8Array(0);

export const fetchHandler = defineHandler(fetchApi, (broker) => (request, context, respond) => {
  if (isMetadataFetch(request)) {
    fetchMetadata(broker, request, respond);
    return;
  }
  if (request.replicaState.replicaId >= 0) {
    fetchAsFollower(broker, request, context, respond);
    return;
  }
  const refused = refusalOf(request);
  if (refused !== ErrorCode.NONE) {
    respond({ throttleTimeMs: 0, errorCode: refused, sessionId: 0, responses: [] });
    return;
  }
  const topics = request.topics.map((topic) => readsOf(broker, request, context, topic));
  const limits = {
    minBytes: request.minBytes,
    maxBytes: Math.min(request.maxBytes, broker.config.settings['fetch.max.bytes']),
    maxWaitMs: request.maxWaitMs,
  };
  const partitions = topics.flatMap((topic) => topic.partitions);
  const committed = request.isolationLevel === READ_COMMITTED;
  const answer = (): void => respond(responseOf(broker, context, topics, committed));
  new FetchInProgress(partitions, limits, context, broker.deadlines, answer).start();
});

function fetchAsFollower(
  broker: BrokerContext,
  request: FetchRequest,
  context: RequestContext,
  respond: (response: FetchResponse) => void,
): void {
  const { replicaId: brokerId, replicaEpoch: brokerEpoch } = request.replicaState;
  const hurry = broker.replicas.fetchSessions.fetch(
    request,
    { brokerId, brokerEpoch },
    {
      maxBytes: Math.min(request.maxBytes, broker.config.settings['fetch.max.bytes']),
      maxWaitMs: request.maxWaitMs,
      isPointless: () => context.closed || context.stopping,
      onSent: (listener) => context.onSent(listener),
      respond,
    },
  );
  if (hurry !== undefined) context.onOvertaken(hurry);
}

/** Top-level errors: sessions that we never handed out. */
function refusalOf(request: FetchRequest): ErrorCode {
  if (request.sessionId !== 0 || request.sessionEpoch > 0) return ErrorCode.FETCH_SESSION_ID_NOT_FOUND;
  return ErrorCode.NONE;
}

function readsOf(
  broker: BrokerContext,
  request: FetchRequest,
  context: RequestContext,
  asked: TopicAsked,
): TopicRead {
  const { replicas } = broker;
  const byId = context.apiVersion >= TOPIC_ID_VERSION;
  const topic = byId ? replicas.topicById(asked.topicId) : replicas.topic(asked.topic);
  const unknown = byId ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
  const partitions = asked.partitions.map((partition) => {
    // Before version 15; our followers speak a later one.
    const replica =
      request.replicaId >= 0 ? ErrorCode.CLUSTER_AUTHORIZATION_FAILED : topic?.partition(partition.partition);
    return new PartitionRead({ ...partition, bytesMax: partition.partitionMaxBytes }, replica ?? unknown);
  });
  return { topic: asked.topic, topicId: asked.topicId, partitions };
}

function responseOf(
  broker: BrokerContext,
  context: RequestContext,
  topics: readonly TopicRead[],
  committed: boolean,
): FetchResponse {
  const leaders = new Set<number>();
  const responses = topics.map(({ topic, topicId, partitions }) => ({
    topic,
    topicId,
    partitions: partitions.map((read) => {
      const answer = {
        ...partitionAnswer(broker, context, read),
        abortedTransactions: committed ? [] : null,
      };
      if (context.apiVersion < LEADER_HINT_VERSION || !isWrongLeader(read.error)) return answer;
      const currentLeader = currentLeaderOf(broker.metadata(), { name: topic, topicId }, read.partition);
      if (currentLeader === undefined) return answer;
      leaders.add(currentLeader.leaderId);
      return { ...answer, currentLeader };
    }),
  }));
  const response = { throttleTimeMs: 0, errorCode: ErrorCode.NONE, sessionId: 0, responses };
  return leaders.size === 0
    ? response
    : { ...response, nodeEndpoints: nodeEndpoints(broker.metadata(), leaders) };
}

function isWrongLeader(error: ErrorCode): boolean {
  return error === ErrorCode.NOT_LEADER_OR_FOLLOWER || error === ErrorCode.FENCED_LEADER_EPOCH;
}

function partitionAnswer(
  broker: BrokerContext,
  context: RequestContext,
  read: PartitionRead,
): PartitionAnswer {
  const records = read.result?.bytes ?? NO_RECORDS;
  let error: ErrorCode = read.error;
  if (context.apiVersion < ZSTD_VERSION && holdsZstd(read)) error = ErrorCode.UNSUPPORTED_COMPRESSION_TYPE;
  else broker.metrics.fetchedBytes += records.length;
  return {
    partitionIndex: read.partition,
    errorCode: error,
    highWatermark: read.highWatermark,
    lastStableOffset: read.lastStableOffset,
    logStartOffset: read.logStartOffset,
    records: error === ErrorCode.NONE ? records : NO_RECORDS,
    ...(read.diverging === undefined ? {} : { divergingEpoch: read.diverging }),
  };
}

function holdsZstd(read: PartitionRead): boolean {
  const bytes = read.result?.bytes ?? NO_RECORDS;
  for (let at = 0; at + BATCH_HEADER_BYTES <= bytes.length; at += batchSizeBytes(bytes, at)) {
    if (batchCodec(bytes, at) === Codec.ZSTD) return true;
  }
  return false;
}

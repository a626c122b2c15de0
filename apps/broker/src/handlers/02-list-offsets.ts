/**
 * ListOffsets: the offset that belongs to a time, or to an end of the log. Times are looked up in the time index and
 * then record by record; the ends are answered at once.
 */
import {
  ErrorCode,
  batchLeaderEpoch,
  listOffsetsApi,
  type ListOffsetsRequest,
  type ListOffsetsResponse,
} from '@tidemark/wire';
import type { Replica } from '../replicas/replica.js';
import { defineHandler, type BrokerContext, type RequestContext } from './handler.js';

type TopicAsked = ListOffsetsRequest['topics'][number];
type PartitionAsked = TopicAsked['partitions'][number];
type TopicAnswer = ListOffsetsResponse['topics'][number];
type PartitionAnswer = TopicAnswer['partitions'][number];

/** Times that are none: Kafka's names for places in the log, and the first version that has each. */
const PLACES: ReadonlyMap<number, { readonly place: Place; readonly since: number }> = new Map([
  [-1, { place: 'latest', since: 1 }],
  [-2, { place: 'earliest', since: 1 }],
  [-3, { place: 'max-timestamp', since: 7 }],
  [-4, { place: 'earliest', since: 8 }],
  [-5, { place: 'none', since: 9 }],
  [-6, { place: 'none', since: 11 }],
]);
/** `none`: about tiered storage, where nothing ever is. */
type Place = 'latest' | 'earliest' | 'max-timestamp' | 'none';

export const listOffsetsHandler = defineHandler(listOffsetsApi, (broker) => (request, context, respond) => {
  const duplicated = duplicates(request.topics);
  const answers = request.topics.map((topic) => answerTopic(broker, context, topic, duplicated));
  void Promise.all(answers).then((topics) => respond({ throttleTimeMs: 0, topics }));
});

/** `topic/partition` of what is asked for twice. */
function duplicates(topics: readonly TopicAsked[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const { name, partitions } of topics) {
    for (const { partitionIndex } of partitions) {
      const key = `${name}/${partitionIndex}`;
      (seen.has(key) ? twice : seen).add(key);
    }
  }
  return twice;
}

async function answerTopic(
  broker: BrokerContext,
  context: RequestContext,
  topic: TopicAsked,
  duplicated: ReadonlySet<string>,
): Promise<TopicAnswer> {
  const { name } = topic;
  const answers = topic.partitions.map(async (asked) => {
    const partitionIndex = asked.partitionIndex;
    if (duplicated.has(`${name}/${partitionIndex}`)) return failed(partitionIndex, ErrorCode.INVALID_REQUEST);
    const replica = broker.replicas.leader(name, partitionIndex);
    if (typeof replica === 'number') return failed(partitionIndex, replica);
    const fenced = replica.checkEpoch(asked.currentLeaderEpoch);
    if (fenced !== ErrorCode.NONE) return failed(partitionIndex, fenced);
    return await answerPartition(replica, context, asked);
  });
  return { name, partitions: await Promise.all(answers) };
}

function failed(partitionIndex: number, errorCode: ErrorCode): PartitionAnswer {
  return { partitionIndex, errorCode, timestamp: -1, offset: -1, leaderEpoch: -1 };
}

async function answerPartition(
  replica: Replica,
  context: RequestContext,
  asked: PartitionAsked,
): Promise<PartitionAnswer> {
  const { partitionIndex, timestamp } = asked;
  const found = (at: { timestamp: number; offset: number; leaderEpoch: number }): PartitionAnswer => ({
    partitionIndex,
    errorCode: ErrorCode.NONE,
    ...at,
  });
  const nothing = found({ timestamp: -1, offset: -1, leaderEpoch: -1 });
  const special = PLACES.get(timestamp);
  if (timestamp < 0 && (special === undefined || special.since > context.apiVersion)) {
    return failed(partitionIndex, ErrorCode.UNSUPPORTED_VERSION);
  }
  try {
    switch (special?.place) {
      case 'latest':
        if (!replica.knowsHighWatermark) return failed(partitionIndex, notYet(context));
        return found({ timestamp: -1, offset: replica.lastStableOffset, leaderEpoch: replica.leaderEpoch });
      case 'earliest':
        return found({
          timestamp: -1,
          offset: replica.logStartOffset,
          leaderEpoch: await epochAtStart(replica),
        });
      case 'max-timestamp':
        return orNothing(await replica.log.offsetOfMaxTimestamp(), replica);
      case 'none':
        return nothing;
      case undefined:
        return orNothing(await replica.log.offsetForTimestamp(timestamp, replica.lastStableOffset), replica);
    }
  } catch {
    return failed(partitionIndex, ErrorCode.KAFKA_STORAGE_ERROR);
  }

  function orNothing(
    at: Parameters<typeof found>[0] | undefined,
    { lastStableOffset }: Replica,
  ): PartitionAnswer {
    return at === undefined || at.offset >= lastStableOffset ? nothing : found(at);
  }
}

/** A new leader that may lag behind what its predecessor committed: an answer would go back in time. */
function notYet({ apiVersion }: RequestContext): ErrorCode {
  return apiVersion >= 5 ? ErrorCode.OFFSET_NOT_AVAILABLE : ErrorCode.LEADER_NOT_AVAILABLE;
}

/** The epoch of the first record; of an empty log the current one. */
async function epochAtStart(replica: Replica): Promise<number> {
  const read = await replica.read(replica.logStartOffset, 1, true);
  const epoch = read.bytes.length === 0 ? replica.leaderEpoch : batchLeaderEpoch(read.bytes, 0);
  read.release();
  return epoch;
}

/**
 * DescribeQuorum: who votes in the metadata quorum, who watches, and how far each of them is. Answered by the leader,
 * who alone knows. What a member has not fetched yet is unknown (-1).
 */
import type { QuorumState, ReplicaProgress } from '@tidemark/replication';
import { ErrorCode, describeQuorumApi } from '@tidemark/wire';
import type { Clock } from '@tidemark/platform';
import type { MetadataQuorum } from '../controller/quorum/metadata-quorum.js';
import { METADATA_IDENTITY } from '../controller/quorum/metadata-identity.js';
import { defineHandler, type BrokerContext } from './handler.js';

const UNKNOWN = -1;

export const describeQuorumHandler = defineHandler(
  describeQuorumApi,
  (broker) => (request, _context, respond) => {
    const topics = request.topics.map(({ topicName, partitions }) => ({
      topicName,
      partitions: partitions.map(({ partitionIndex }) => {
        const known = topicName === METADATA_IDENTITY.topic && partitionIndex === METADATA_IDENTITY.partition;
        return { partitionIndex, errorMessage: null, ...(known ? described(broker) : unknownPartition()) };
      }),
    }));
    const nodes = [...broker.metadata().brokers.values()].map(({ id: nodeId, host, port }) => ({
      nodeId,
      listeners: [{ name: 'PLAINTEXT', host, port }],
    }));
    respond({ errorCode: ErrorCode.NONE, errorMessage: null, topics, nodes });
  },
);

const nothing = { highWatermark: UNKNOWN, currentVoters: [], observers: [] };

function unknownPartition() {
  const leader = { leaderId: UNKNOWN, leaderEpoch: UNKNOWN };
  return { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, ...leader, ...nothing };
}

function described({ quorum, clock }: BrokerContext) {
  const { state, leadership } = quorum;
  const leader = { leaderId: leadership.leaderId, leaderEpoch: state.epoch };
  if (state.role !== 'leader') return { errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER, ...leader, ...nothing };
  const { voters, observers } = replicasOf(quorum, state, clock);
  const { highWatermark } = state;
  return { errorCode: ErrorCode.NONE, ...leader, highWatermark, currentVoters: voters, observers };
}

function replicasOf(
  { me, logEndOffset }: MetadataQuorum,
  state: Extract<QuorumState, { role: 'leader' }>,
  clock: Clock,
) {
  const [wall, monotonic] = [clock.now(), clock.monotonic()];
  const stamp = (ms: number): number => Math.round(wall - monotonic + ms);
  const stateOf = ({ key, endOffset, fetchedAtMs, caughtUpAtMs }: Omit<ReplicaProgress, 'voter'>) => ({
    replicaId: key.id,
    replicaDirectoryId: key.directoryId,
    logEndOffset: endOffset ?? UNKNOWN,
    lastFetchTimestamp: endOffset === undefined ? UNKNOWN : stamp(fetchedAtMs),
    lastCaughtUpTimestamp: caughtUpAtMs === undefined ? UNKNOWN : stamp(caughtUpAtMs),
  });
  const own = { key: me, endOffset: logEndOffset, fetchedAtMs: monotonic, caughtUpAtMs: monotonic };
  const others = (voter: boolean) => state.replicas.filter((replica) => replica.voter === voter).map(stateOf);
  return { voters: [stateOf(own), ...others(true)], observers: others(false) };
}

/**
 * Between the quorum's messages and Kafka's layouts of them: Vote, BeginQuorumEpoch, EndQuorumEpoch, Fetch, each about
 * the one partition that they can be about. Pure. Reading answers nothing when a message is about something else or
 * does not hold what it must: who speaks rubbish gets an error, never a vote.
 */
import type {
  BeginEpochRequest,
  EndEpochRequest,
  EpochAnswer,
  FetchAnswer,
  FetchRequest,
  QuorumError,
  VoteAnswer,
  VoteRequest,
} from '@tidemark/replication';
import { ErrorCode, type Decoded } from '@tidemark/wire';
import type {
  BeginQuorumEpochRequest,
  EndQuorumEpochRequest,
  FetchRequest as WireFetchRequest,
  FetchResponse as WireFetchResponse,
  VoteRequest as WireVoteRequest,
  beginQuorumEpochApi,
  fetchApi,
  voteApi,
} from '@tidemark/wire';
import { METADATA_IDENTITY } from './metadata-identity.js';

const { topic: topicName, partition: partitionIndex, topicId } = METADATA_IDENTITY;
const NOBODY = -1;

/** The versions that are spoken between brokers, one of each. */
export const QUORUM_VERSIONS = { vote: 2, beginEpoch: 1, endEpoch: 1, fetch: 18, fetchSnapshot: 1 } as const;

const CODES: Record<QuorumError, ErrorCode> = {
  none: ErrorCode.NONE,
  'fenced-epoch': ErrorCode.FENCED_LEADER_EPOCH,
  'unknown-epoch': ErrorCode.UNKNOWN_LEADER_EPOCH,
  'not-leader': ErrorCode.NOT_LEADER_OR_FOLLOWER,
  'invalid-request': ErrorCode.INVALID_REQUEST,
  'invalid-voter-key': ErrorCode.INVALID_VOTER_KEY,
};

const ERRORS = new Map(Object.entries(CODES).map(([error, code]) => [code, error as QuorumError]));

export const codeOf = (error: QuorumError): ErrorCode => CODES[error];

interface Named<Partition> {
  readonly topicName: string;
  readonly partitions: readonly Partition[];
}

/** The part of a message that is about the metadata log, when it is about that alone. */
function onlyPartition<Partition extends { readonly partitionIndex: number }>(
  topics: readonly Named<Partition>[],
): Partition | undefined {
  const [topic] = topics;
  const [partition] = topic?.partitions ?? [];
  const alone = topics.length === 1 && topic?.partitions.length === 1;
  return alone && topic.topicName === topicName && partition?.partitionIndex === partitionIndex
    ? partition
    : undefined;
}

const aboutMetadata = <Partition>(partition: Partition) => [
  { topicName, partitions: [{ partitionIndex, ...partition }] },
];

const optional = (id: number): number | undefined => (id < 0 ? undefined : id);

export function voteRequestOf(wire: WireVoteRequest): VoteRequest | undefined {
  const asked = onlyPartition(wire.topics);
  if (asked === undefined) return undefined;
  return {
    kind: 'vote',
    candidate: { id: asked.replicaId, directoryId: asked.replicaDirectoryId },
    voter: { id: wire.voterId, directoryId: asked.voterDirectoryId },
    epoch: asked.replicaEpoch,
    lastEpoch: asked.lastOffsetEpoch,
    endOffset: asked.lastOffset,
    preVote: asked.preVote,
  };
}

export function wireVoteRequest(clusterId: string, request: VoteRequest) {
  const { candidate, voter, epoch, lastEpoch, endOffset, preVote } = request;
  const partition = {
    replicaEpoch: epoch,
    replicaId: candidate.id,
    replicaDirectoryId: candidate.directoryId,
    voterDirectoryId: voter.directoryId,
    lastOffsetEpoch: lastEpoch,
    lastOffset: endOffset,
    preVote,
  };
  return { clusterId, voterId: voter.id, topics: aboutMetadata(partition) };
}

export function wireVoteAnswer({ error, epoch, leaderId, granted }: VoteAnswer) {
  const partition = {
    errorCode: codeOf(error),
    leaderId: leaderId ?? NOBODY,
    leaderEpoch: epoch,
    voteGranted: granted,
  };
  return { errorCode: ErrorCode.NONE, topics: aboutMetadata(partition) };
}

export function voteAnswerOf(wire: Decoded<typeof voteApi.response.fields>): VoteAnswer | undefined {
  const answered = wire.errorCode === ErrorCode.NONE ? onlyPartition(wire.topics) : undefined;
  if (answered === undefined) return undefined;
  const { leaderEpoch: epoch, leaderId, voteGranted: granted } = answered;
  return { kind: 'vote', error: errorOf(answered.errorCode), epoch, leaderId: optional(leaderId), granted };
}

export function beginRequestOf(wire: BeginQuorumEpochRequest): BeginEpochRequest | undefined {
  const asked = onlyPartition(wire.topics);
  if (asked === undefined) return undefined;
  const { leaderId, leaderEpoch: epoch, voterDirectoryId: directoryId } = asked;
  return { kind: 'begin-epoch', leaderId, epoch, voter: { id: wire.voterId, directoryId } };
}

export function wireBeginRequest(clusterId: string, { leaderId, epoch, voter }: BeginEpochRequest) {
  const partition = { voterDirectoryId: voter.directoryId, leaderId, leaderEpoch: epoch };
  return { clusterId, voterId: voter.id, topics: aboutMetadata(partition), leaderEndpoints: [] };
}

export function endRequestOf(wire: EndQuorumEpochRequest): EndEpochRequest | undefined {
  const asked = onlyPartition(wire.topics);
  if (asked === undefined) return undefined;
  const { leaderId, leaderEpoch: epoch, preferredCandidates } = asked;
  const preferred = preferredCandidates.map(({ candidateId: id, candidateDirectoryId: directoryId }) => ({
    id,
    directoryId,
  }));
  return { kind: 'end-epoch', leaderId, epoch, preferred };
}

export function wireEndRequest(clusterId: string, { leaderId, epoch, preferred }: EndEpochRequest) {
  const preferredCandidates = preferred.map(({ id: candidateId, directoryId: candidateDirectoryId }) => ({
    candidateId,
    candidateDirectoryId,
  }));
  const partition = { leaderId, leaderEpoch: epoch, preferredCandidates };
  return { clusterId, topics: aboutMetadata(partition), leaderEndpoints: [] };
}

export function wireEpochAnswer({ error, epoch, leaderId }: EpochAnswer) {
  const partition = { errorCode: codeOf(error), leaderId: leaderId ?? NOBODY, leaderEpoch: epoch };
  return { errorCode: ErrorCode.NONE, topics: aboutMetadata(partition) };
}

export function epochAnswerOf(
  wire: Decoded<typeof beginQuorumEpochApi.response.fields>,
): EpochAnswer | undefined {
  const answered = wire.errorCode === ErrorCode.NONE ? onlyPartition(wire.topics) : undefined;
  if (answered === undefined) return undefined;
  const { leaderEpoch: epoch, leaderId } = answered;
  return { kind: 'epoch', error: errorOf(answered.errorCode), epoch, leaderId: optional(leaderId) };
}

/** Whether a Fetch is a replica's, for the metadata log. */
export function isMetadataFetch(wire: WireFetchRequest): boolean {
  return wire.replicaState.replicaId >= 0 && wire.topics[0]?.topicId === topicId;
}

export function fetchRequestOf(wire: WireFetchRequest): FetchRequest | undefined {
  const [topic] = wire.topics;
  const [asked] = topic?.partitions ?? [];
  const alone = wire.topics.length === 1 && topic?.partitions.length === 1 && topic.topicId === topicId;
  if (!alone || asked?.partition !== partitionIndex) return undefined;
  if (asked.fetchOffset < 0 || asked.lastFetchedEpoch < 0 || asked.currentLeaderEpoch < 0) return undefined;
  return {
    kind: 'fetch',
    replica: { id: wire.replicaState.replicaId, directoryId: asked.replicaDirectoryId },
    epoch: asked.currentLeaderEpoch,
    offset: asked.fetchOffset,
    lastEpoch: asked.lastFetchedEpoch,
    highWatermark: asked.highWatermark,
  };
}

export function wireFetchRequest(
  clusterId: string,
  request: FetchRequest,
  limits: { readonly maxWaitMs: number; readonly maxBytes: number },
) {
  const { replica, epoch, offset, lastEpoch, highWatermark } = request;
  const partition = {
    partition: partitionIndex,
    currentLeaderEpoch: epoch,
    fetchOffset: offset,
    lastFetchedEpoch: lastEpoch,
    partitionMaxBytes: limits.maxBytes,
    replicaDirectoryId: replica.directoryId,
    highWatermark,
  };
  return {
    clusterId,
    replicaState: { replicaId: replica.id, replicaEpoch: -1 },
    maxWaitMs: limits.maxWaitMs,
    minBytes: 1,
    maxBytes: limits.maxBytes,
    topics: [{ topicId, partitions: [partition] }],
    forgottenTopicsData: [],
  };
}

export function wireFetchAnswer(
  answer: FetchAnswer,
  logStartOffset: number,
  records: Uint8Array,
): WireFetchResponse {
  const { error, epoch, leaderId, highWatermark, diverging, snapshot } = answer;
  const partition = {
    partitionIndex,
    errorCode: codeOf(error),
    highWatermark,
    lastStableOffset: highWatermark,
    logStartOffset,
    currentLeader: { leaderId: leaderId ?? NOBODY, leaderEpoch: epoch },
    records,
    ...(diverging === undefined ? {} : { divergingEpoch: diverging }),
    ...(snapshot === undefined ? {} : { snapshotId: snapshot }),
  };
  return { errorCode: ErrorCode.NONE, sessionId: 0, responses: [{ topicId, partitions: [partition] }] };
}

export function fetchAnswerOf(
  wire: Decoded<typeof fetchApi.response.fields>,
): { readonly answer: FetchAnswer; readonly records: Uint8Array } | undefined {
  const [answered] = wire.errorCode === ErrorCode.NONE ? (wire.responses[0]?.partitions ?? []) : [];
  if (answered === undefined || wire.responses[0]?.topicId !== topicId) return undefined;
  const { divergingEpoch, snapshotId, currentLeader, highWatermark, records } = answered;
  const answer: FetchAnswer = {
    kind: 'fetch',
    error: errorOf(answered.errorCode),
    epoch: currentLeader.leaderEpoch,
    leaderId: optional(currentLeader.leaderId),
    highWatermark,
    diverging: divergingEpoch.endOffset < 0 ? undefined : divergingEpoch,
    snapshot: snapshotId.endOffset < 0 ? undefined : snapshotId,
    hasRecords: records !== null && records.length > 0,
  };
  return { answer, records: records ?? new Uint8Array(0) };
}

function errorOf(code: number): QuorumError {
  return ERRORS.get(code as ErrorCode) ?? 'invalid-request';
}

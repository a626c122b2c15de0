/**
 * FetchSnapshot: a piece of a snapshot of the metadata log, for a replica whose log ends below where the leader's
 * begins. Served by whoever leads; the snapshot's bytes are as they lie in its file.
 */
import { ErrorCode, fetchSnapshotApi, type FetchSnapshotRequest } from '@tidemark/wire';
import type { MetadataQuorum } from '../controller/quorum/metadata-quorum.js';
import { METADATA_IDENTITY } from '../controller/quorum/metadata-identity.js';
import { defineHandler } from './handler.js';

const PIECE_BYTES_MAX = 4 * 1024 * 1024;
const NO_BYTES = new Uint8Array(0);

export const fetchSnapshotHandler = defineHandler(
  fetchSnapshotApi,
  ({ quorum }) =>
    (wire, _context, respond) => {
      const refuse = (errorCode: ErrorCode): void => respond({ errorCode, topics: [] });
      if (wire.clusterId !== null && wire.clusterId !== quorum.clusterId) {
        refuse(ErrorCode.INCONSISTENT_CLUSTER_ID);
        return;
      }
      const [topic] = wire.topics;
      const [asked] = topic?.partitions ?? [];
      if (topic?.name !== METADATA_IDENTITY.topic || asked?.partition !== METADATA_IDENTITY.partition) {
        refuse(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
        return;
      }
      const { errorCode, size, bytes } = pieceOf(quorum, asked, wire.maxBytes);
      const { leaderId, epoch: leaderEpoch } = quorum.leadership;
      const { snapshotId, position } = asked;
      const currentLeader = { leaderId, leaderEpoch };
      const piece = { index: asked.partition, errorCode, snapshotId, currentLeader, size, position };
      const partitions = [{ ...piece, unalignedRecords: bytes }];
      respond({ errorCode: ErrorCode.NONE, topics: [{ name: topic.name, partitions }] });
    },
);

type Asked = FetchSnapshotRequest['topics'][number]['partitions'][number];

interface Piece {
  readonly errorCode: ErrorCode;
  readonly size: number;
  readonly bytes: Uint8Array;
}

function pieceOf({ state, snapshots }: MetadataQuorum, asked: Asked, maxBytes: number): Piece {
  const refused = (errorCode: ErrorCode): Piece => ({ errorCode, size: 0, bytes: NO_BYTES });
  if (asked.currentLeaderEpoch < state.epoch) return refused(ErrorCode.FENCED_LEADER_EPOCH);
  if (asked.currentLeaderEpoch > state.epoch) return refused(ErrorCode.UNKNOWN_LEADER_EPOCH);
  if (state.role !== 'leader') return refused(ErrorCode.NOT_LEADER_OR_FOLLOWER);
  const read = snapshots.read(asked.snapshotId, asked.position, Math.min(maxBytes, PIECE_BYTES_MAX));
  if (read === undefined) return refused(ErrorCode.SNAPSHOT_NOT_FOUND);
  if (asked.position < 0 || asked.position >= read.size) return refused(ErrorCode.POSITION_OUT_OF_RANGE);
  return { errorCode: ErrorCode.NONE, ...read };
}

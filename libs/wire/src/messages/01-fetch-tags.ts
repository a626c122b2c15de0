/**
 * The tagged sections of a Fetch answer, written by hand: what a follower needs when its log diverges or starts too
 * early, and who leads a partition that was asked for at the wrong broker. Almost always empty. Called by
 * `01-fetch-codec.ts` in flexible versions only.
 */
import type { ByteWriter } from '../bytes/writer.js';
import type { FetchResponse } from './01-fetch.js';

type PartitionAnswer = FetchResponse['responses'][number]['partitions'][number];

const ENDPOINTS_FROM = 16;

export function writePartitionTags(writer: ByteWriter, partition: PartitionAnswer): void {
  const { divergingEpoch, currentLeader, snapshotId } = partition;
  if (divergingEpoch === undefined && currentLeader === undefined && snapshotId === undefined) {
    writer.unsignedVarint(0);
    return;
  }
  const { epoch = -1, endOffset = -1 } = divergingEpoch ?? {};
  const { leaderId = -1, leaderEpoch = -1 } = currentLeader ?? {};
  const { endOffset: snapshotEnd = -1, epoch: snapshotEpoch = -1 } = snapshotId ?? {};
  const diverges = epoch !== -1 || endOffset !== -1;
  const leads = leaderId !== -1 || leaderEpoch !== -1;
  const starts = snapshotEnd !== -1 || snapshotEpoch !== -1;
  writer.unsignedVarint((diverges ? 1 : 0) + (leads ? 1 : 0) + (starts ? 1 : 0));
  if (diverges) {
    tagged(writer, 0, () => {
      writer.int32(epoch);
      writer.int64(endOffset);
      writer.unsignedVarint(0);
    });
  }
  if (leads) {
    tagged(writer, 1, () => {
      writer.int32(leaderId);
      writer.int32(leaderEpoch);
      writer.unsignedVarint(0);
    });
  }
  if (starts) {
    tagged(writer, 2, () => {
      writer.int64(snapshotEnd);
      writer.int32(snapshotEpoch);
      writer.unsignedVarint(0);
    });
  }
}

export function writeFetchEndpoints(version: number, writer: ByteWriter, message: FetchResponse): void {
  const endpoints = message.nodeEndpoints;
  if (version < ENDPOINTS_FROM || endpoints === undefined || endpoints.length === 0) {
    writer.unsignedVarint(0);
    return;
  }
  writer.unsignedVarint(1);
  tagged(writer, 0, () => {
    writer.compactArrayLength(endpoints.length);
    for (const { nodeId, host, port, rack = null } of endpoints) {
      writer.int32(nodeId);
      writer.compactString(host);
      writer.int32(port);
      writer.compactNullableString(rack);
      writer.unsignedVarint(0);
    }
  });
}

function tagged(writer: ByteWriter, tag: number, write: () => void): void {
  writer.unsignedVarint(tag);
  const start = writer.position;
  write();
  writer.endSized(start);
}

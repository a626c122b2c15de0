/**
 * What a follower of the metadata log checks in the records that it got, before anything is done with them: whole, intact
 * batches that continue its log without a gap, of epochs that never go back and are not above the leader's. Pure.
 */
import {
  batchBaseOffset,
  batchLastOffset,
  batchLeaderEpoch,
  batchSizeBytes,
  checkBatch,
} from '@tidemark/wire';

/** What is wrong with them; nothing when they may be appended. */
export function faultOfRecords(
  bytes: Uint8Array,
  log: { readonly endOffset: number; readonly lastEpoch: number },
  leaderEpoch: number,
): string | undefined {
  let { endOffset, lastEpoch } = log;
  for (let at = 0; at < bytes.length; at += batchSizeBytes(bytes, at)) {
    const fault = checkBatch(bytes, at, bytes.length - at);
    if (fault !== undefined) return `record batch: ${fault}`;
    const [base, epoch] = [batchBaseOffset(bytes, at), batchLeaderEpoch(bytes, at)];
    if (base !== endOffset) return `offset ${base} where ${endOffset} follows`;
    if (epoch < lastEpoch || epoch > leaderEpoch)
      return `epoch ${epoch} between ${lastEpoch} and ${leaderEpoch}`;
    endOffset = batchLastOffset(bytes, at) + 1;
    lastEpoch = epoch;
  }
  return undefined;
}

/**
 * Decides about what a follower got from its leader: any number of whole record batches that keep their offsets and
 * epochs. Pure. Offsets ascend and may leave gaps (the leader's log was compacted), epochs never go back; sequences of
 * producers are not judged again, the leader has. What fits nowhere is an error of this replica's or of its leader's,
 * never to be stored.
 */
import {
  ErrorCode,
  batchBaseOffset,
  batchLastOffset,
  batchLeaderEpoch,
  batchSizeBytes,
  checkBatch,
} from '@tidemark/wire';
import type { AppendResult } from './append-result.js';
import { refuse } from './append.js';

/** `sparse`: there is a gap before or between the batches. `refused`: `result` says why. */
export type Admission = 'dense' | 'sparse' | 'refused';

export function admitReplicated(
  bytes: Uint8Array,
  log: { readonly end: number; readonly leaderEpoch: number },
  result: AppendResult,
): Admission {
  let { end, leaderEpoch } = log;
  let hasGap = false;
  for (let at = 0; at < bytes.length; at += batchSizeBytes(bytes, at)) {
    const fault = checkBatch(bytes, at, bytes.length - at);
    if (fault !== undefined) {
      refuse(result, ErrorCode.CORRUPT_MESSAGE, `record batch: ${fault}`);
      return 'refused';
    }
    const baseOffset = batchBaseOffset(bytes, at);
    if (baseOffset < end) {
      refuse(result, ErrorCode.OFFSET_OUT_OF_RANGE, `offset ${baseOffset} is below the end ${end}`);
      return 'refused';
    }
    const epoch = batchLeaderEpoch(bytes, at);
    if (epoch < leaderEpoch) {
      refuse(result, ErrorCode.FENCED_LEADER_EPOCH, `epoch ${epoch} comes after epoch ${leaderEpoch}`);
      return 'refused';
    }
    hasGap ||= baseOffset > end;
    end = batchLastOffset(bytes, at) + 1;
    leaderEpoch = epoch;
  }
  return hasGap ? 'sparse' : 'dense';
}

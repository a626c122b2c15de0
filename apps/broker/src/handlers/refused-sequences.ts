/**
 * The first batch of a producer is refused (no leader here yet, no majority), and a moment later the second, which was
 * sent close behind it, would be taken: a log that knows nothing of a producer lets it begin anywhere (KIP-360). The
 * first then fits nowhere, and the order is lost. So what was refused is remembered here, for each producer and
 * partition the lowest sequence, and nothing later is taken before it, unless the log has come to know the producer: then
 * the log itself judges. Kafka does the like while it verifies transactions (KIP-890's tentative sequence).
 *
 * Held by the Produce handler, in memory only: connections, and what is under way on them, do not outlive the broker.
 */
import type { PartitionLog } from '@tidemark/log';
import type { Clock } from '@tidemark/platform';
import {
  BATCH_HEADER_BYTES,
  ErrorCode,
  batchBaseSequence,
  batchProducerEpoch,
  batchProducerId,
  errorOf,
} from '@tidemark/wire';

/** Longer than any request that follows a refused one closely is under way. */
const REMEMBERED_MS = 60_000;
const ENTRIES_MAX = 10_000;
const HALF_OF_ALL_SEQUENCES = 2 ** 30;

/** Where a batch stands among its producer's. */
export interface BatchPlace {
  readonly topic: string;
  readonly index: number;
  readonly producerId: number;
  readonly epoch: number;
  readonly sequence: number;
}

/** Undefined for what has no producer, or not even a header. The topic is its name or its id. */
export function placeOf(topic: string, index: number, batch: Uint8Array | null): BatchPlace | undefined {
  if (batch === null || batch.length < BATCH_HEADER_BYTES) return undefined;
  const producerId = batchProducerId(batch, 0);
  if (producerId < 0) return undefined;
  return {
    topic,
    index,
    producerId,
    epoch: batchProducerEpoch(batch, 0),
    sequence: batchBaseSequence(batch, 0),
  };
}

export class RefusedSequences {
  /** The longest remembered first. */
  private readonly entries = new Map<string, { readonly place: BatchPlace; readonly atMs: number }>();

  constructor(private readonly clock: Clock) {}

  /** The batch was refused. What is final will not be sent again, and a damaged batch lies about its place. */
  note(place: BatchPlace, error: ErrorCode): void {
    if (errorOf(error)?.retriable !== true || error === ErrorCode.CORRUPT_MESSAGE) return;
    const now = this.clock.monotonic();
    for (const [key, { atMs }] of this.entries) {
      if (now - atMs <= REMEMBERED_MS && this.entries.size < ENTRIES_MAX) break;
      this.entries.delete(key);
    }
    const key = keyOf(place);
    const before = this.entries.get(key)?.place;
    if (before?.epoch === place.epoch && isLater(place, before)) return;
    this.entries.delete(key);
    this.entries.set(key, { place, atMs: now });
  }

  /** Whether the batch may be shown to the log, which knows `producers`. */
  admits(place: BatchPlace, producers: PartitionLog['producers']): boolean {
    if (this.entries.size === 0) return true;
    const refused = this.entries.get(keyOf(place));
    if (refused === undefined || this.clock.monotonic() - refused.atMs > REMEMBERED_MS) return true;
    if (place.epoch !== refused.place.epoch || !isLater(place, refused.place)) return true;
    return producers.has(place.producerId);
  }

  /** The batch is in the log. */
  forget(place: BatchPlace): void {
    if (this.entries.size > 0) this.entries.delete(keyOf(place));
  }
}

const keyOf = ({ topic, index, producerId }: BatchPlace): string => `${producerId}/${topic}/${index}`;

/** Sequences begin again at 0 after 2^31 - 1. */
function isLater(place: BatchPlace, than: BatchPlace): boolean {
  const ahead = (place.sequence - than.sequence) & 0x7fffffff;
  return ahead > 0 && ahead < HALF_OF_ALL_SEQUENCES;
}

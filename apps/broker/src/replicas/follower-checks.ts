/**
 * The look that a leader takes at its followers now and then: who lags for too long, and whether a majority is still
 * heard. Holds the timer of all replicas of this broker; what there is to look at is the caller's (`replicas.ts`).
 */
import type { Clock, Timer } from '@tidemark/platform';

/** Lagging followers are looked for at least this often, milliseconds; proposals without an answer are repeated. */
const PERIOD_MS_MAX = 500;

/**
 * A follower asks at least every 500 ms (its long poll). The leader of a quorum partition that has not heard a majority
 * for twice as long refuses what it could not commit: the fetch timeout of the metadata's own quorum, seen from the
 * other side.
 */
export const SILENCE_MS_MAX = 1_000;

export class FollowerChecks {
  private timer: Timer | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly lagTimeMaxMs: number,
    /** `late`: this process stood still, and what followers asked meanwhile is yet to be read. */
    private readonly look: (late: boolean) => void,
  ) {
    this.schedule();
  }

  stop(): void {
    this.timer?.cancel();
  }

  private schedule(): void {
    const periodMs = Math.max(1, Math.min(PERIOD_MS_MAX, this.lagTimeMaxMs / 2));
    const lateAtMs = this.clock.monotonic() + periodMs + PERIOD_MS_MAX / 2;
    this.timer = this.clock.setTimer(periodMs, () => {
      this.look(this.clock.monotonic() > lateAtMs);
      this.schedule();
    });
  }
}

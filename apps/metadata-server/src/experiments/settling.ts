/**
 * Sees to it that what experiments' facts make due is written: asked after every folded event and once for everything
 * when a partition's history has been read. Holds which experiments it is busy with. An attempt that fails is made
 * again for as long as the partition is owned and something is due.
 */
import { formatTime, type Problem } from '@tidemark/contracts';
import { type Clock, sleep } from '@tidemark/platform';
import type { OwnedPartition } from '@tidemark/service';
import { dueEvents } from './due-events.js';
import type { ExperimentsCommand, ExperimentsReply } from './experiments-command.js';
import type { ExperimentsState } from './experiments-state.js';

export type OwnedExperiments = OwnedPartition<
  ExperimentsState,
  ExperimentsCommand,
  ExperimentsReply,
  Problem
>;

const RETRY_MS = 200;

export class Settling {
  readonly #clock: Clock;
  readonly #busy = new Set<string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Everything that is due in the partition. */
  all(owned: OwnedExperiments): void {
    for (const id of owned.state.active.keys()) this.one(owned, id);
  }

  one(owned: OwnedExperiments, experimentId: string): void {
    if (this.#busy.has(experimentId) || !isDue(owned, experimentId)) return;
    this.#busy.add(experimentId);
    void this.#settle(owned, experimentId).finally(() => {
      this.#busy.delete(experimentId);
      // Something may have become due while the last answer was on its way.
      if (!owned.signal.aborted) this.one(owned, experimentId);
    });
  }

  async #settle(owned: OwnedExperiments, experimentId: string): Promise<void> {
    while (!owned.signal.aborted && isDue(owned, experimentId)) {
      const outcome = await owned.ask({
        kind: 'settle',
        experimentId,
        partition: owned.partition,
        time: formatTime(this.#clock.now()),
      });
      if ('failed' in outcome) await sleep(this.#clock, RETRY_MS, owned.signal).catch(() => undefined);
    }
  }
}

function isDue(owned: OwnedExperiments, experimentId: string): boolean {
  const state = owned.state.active.get(experimentId);
  return state !== undefined && dueEvents(state).length > 0;
}

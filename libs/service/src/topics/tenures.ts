/**
 * Who holds which partition, from the owner's side: turns assignments (sets of partition numbers) into begun and ended
 * tenures. Shared by the ownerships of both implementations of the port. Holds the running tenures and the ends of
 * earlier ones that still go on.
 *
 * What must hold: an owner hears of an assignment before its first batch and of each one's end exactly once; a partition
 * that comes back does not begin before its earlier life has ended; a beginning that fails is tried again.
 */
import { sleep } from '@tidemark/platform';
import type { Clock } from '@tidemark/platform';
import { describeError } from '../hosting/logger.js';
import type { Logger } from '../hosting/logger.js';
import type { Assignment, OwnershipOptions } from './topics.js';

export interface TenuresOptions extends Pick<OwnershipOptions, 'onAssigned' | 'onRevoked'> {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Finds where the partition's topics begin and end. */
  readonly locate: (partition: number) => Promise<Assignment>;
  /** Starts delivery. */
  readonly begin: (assignment: Assignment) => void;
  /** Stops delivery at once; resolves when the batches in hand have been finished with. */
  readonly end: (partition: number) => Promise<void>;
}

interface Tenure {
  readonly revoked: AbortController;
  /** The owner has heard of it, so it must hear of its end. */
  told: boolean;
}

const RETRY_MS = 200;
const RETRY_MAX_MS = 2_000;

export class Tenures {
  readonly #options: TenuresOptions;
  readonly #running = new Map<number, Tenure>();
  readonly #ending = new Map<number, Promise<void>>();

  constructor(options: TenuresOptions) {
    this.#options = options;
  }

  /** Ascending. */
  held(): readonly number[] {
    return [...this.#running.keys()].sort((a, b) => a - b);
  }

  has(partition: number): boolean {
    return this.#running.has(partition);
  }

  /** From now on exactly these partitions are held; what is kept goes on undisturbed. */
  update(partitions: ReadonlySet<number>): void {
    for (const partition of this.held()) if (!partitions.has(partition)) void this.#revoke(partition);
    for (const partition of partitions) {
      if (this.#running.has(partition)) continue;
      const tenure: Tenure = { revoked: new AbortController(), told: false };
      this.#running.set(partition, tenure);
      void this.#begin(partition, tenure);
    }
  }

  /** Ends all tenures; they count as held until it resolves, so that their last commits still go out. */
  async revokeAll(): Promise<void> {
    const all = [...this.#running];
    await Promise.all(all.map(([partition, tenure]) => this.#end(partition, tenure)));
    for (const [partition] of all) this.#running.delete(partition);
    await Promise.all(this.#ending.values());
  }

  #revoke(partition: number): Promise<void> {
    const tenure = this.#running.get(partition);
    if (tenure === undefined) return Promise.resolve();
    this.#running.delete(partition);
    const ended = this.#end(partition, tenure).finally(() => {
      if (this.#ending.get(partition) === ended) this.#ending.delete(partition);
    });
    this.#ending.set(partition, ended);
    return ended;
  }

  /** Tries until it has begun or the partition is gone again. */
  async #begin(partition: number, tenure: Tenure): Promise<void> {
    const { clock, logger, locate, onAssigned, begin } = this.#options;
    const { signal } = tenure.revoked;
    await this.#ending.get(partition);
    for (let pauseMs = RETRY_MS; !signal.aborted; pauseMs = Math.min(2 * pauseMs, RETRY_MAX_MS)) {
      try {
        const assignment = await locate(partition);
        signal.throwIfAborted();
        tenure.told = true;
        await onAssigned(assignment);
        signal.throwIfAborted();
        begin(assignment);
        return;
      } catch (error) {
        if (isAborted(signal)) return;
        logger.error(
          { partition, error: describeError(error) },
          'an assignment could not begin; trying again',
        );
        await sleep(clock, pauseMs, signal).catch(() => undefined);
      }
    }
  }

  async #end(partition: number, tenure: Tenure): Promise<void> {
    tenure.revoked.abort(new Error('revoked'));
    const delivered = this.#options.end(partition);
    try {
      if (tenure.told) await this.#options.onRevoked(partition);
    } catch (error) {
      this.#options.logger.error({ partition, error: describeError(error) }, 'a revocation failed');
    }
    await delivered;
  }
}

/** A call, because the compiler takes a signal that was not aborted once to be so for ever. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

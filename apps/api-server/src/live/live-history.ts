/**
 * Who is waiting for news of an experiment: tails `tidemark.experiments` from its end and wakes the watchers of the
 * experiment that a record is about. It holds no history: a woken watcher asks the view for what is new, so that a
 * stream shows the very same events on every replica.
 *
 * What must hold: a record that is appended after `watch` was called wakes that watch; the tail's position never lies
 * behind what a watcher was woken for.
 */
import { EXPERIMENTS_TOPIC, formatPosition } from '@tidemark/contracts';
import type { Tail, Topics } from '@tidemark/service';

/** News of one experiment for one stream. */
export interface Watch {
  /** Resolves when a record about the experiment has come since the last call, or when the watch was closed. */
  news(): Promise<void>;
  close(): void;
}

/** Events that follow each other closely wake a stream once. */
const REST_MS = 50;

class ExperimentWatch implements Watch {
  #pending = false;
  #wake: (() => void) | undefined;

  constructor(private readonly forget: (watch: ExperimentWatch) => void) {}

  notify(): void {
    this.#pending = true;
    this.#wake?.();
    this.#wake = undefined;
  }

  async news(): Promise<void> {
    if (!this.#pending) await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#pending = false;
  }

  close(): void {
    this.forget(this);
    this.notify();
  }
}

export class LiveHistory {
  readonly #watches = new Map<string, Set<ExperimentWatch>>();
  #tail: Tail | undefined;

  async start(topics: Topics): Promise<Tail> {
    this.#tail = await topics.tail({
      topics: [EXPERIMENTS_TOPIC],
      purpose: 'live',
      restMs: REST_MS,
      from: 'end',
      onBatch: ({ records }) => {
        for (const { key } of records) {
          for (const watch of this.#watches.get(key ?? '') ?? []) watch.notify();
        }
      },
    });
    return this.#tail;
  }

  /** Everything before it has been seen here; a view asked for this position misses nothing that came before now. */
  position(): string {
    return formatPosition(this.#tail?.positions() ?? new Map());
  }

  watch(experimentId: string): Watch {
    const watches = this.#watches.get(experimentId) ?? new Set();
    this.#watches.set(experimentId, watches);
    const watch = new ExperimentWatch((closed) => {
      watches.delete(closed);
      if (watches.size === 0) this.#watches.delete(experimentId);
    });
    watches.add(watch);
    return watch;
  }

  get watching(): number {
    return [...this.#watches.values()].reduce((total, watches) => total + watches.size, 0);
  }
}

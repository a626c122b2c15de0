/**
 * Watches attempts until something about them has to be decided. One loop looks at all that are due with one question
 * to the launcher: often at first, because most changes come soon, then ten times a second. Holds who is watched;
 * nothing is lost with it, because everything it sees is in the job's files.
 */
import type { Clock, Timer } from '@tidemark/platform';
import type { Launcher } from '../launchers/launcher.js';
import { judge, type Evidence, type Verdict } from './verdict.js';

export interface Sight {
  readonly verdict: Verdict;
  readonly what: string;
  readonly evidence: Evidence;
}

interface Watched {
  readonly token: string;
  readonly knownStarted: boolean;
  readonly settle: (sight: Sight) => void;
  readonly fail: (error: unknown) => void;
  pauseMs: number;
  dueAt: number;
}

const FIRST_PAUSE_MS = 4;
const PAUSE_MAX_MS = 100;

export class JobWatch {
  readonly #launcher: Launcher;
  readonly #clock: Clock;
  readonly #watched = new Set<Watched>();
  #timer: Timer | undefined;
  #looking = false;

  constructor(launcher: Launcher, clock: Clock) {
    this.#launcher = launcher;
    this.#clock = clock;
  }

  get size(): number {
    return this.#watched.size;
  }

  /**
   * What is seen as soon as there is something to do: anything but a job that is starting, running as is already known,
   * or out of sight. Rejects with the signal's reason.
   */
  until(token: string, knownStarted: boolean, signal: AbortSignal): Promise<Sight> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const stop = (): void => {
        this.#watched.delete(watched);
        signal.removeEventListener('abort', onAbort);
      };
      const onAbort = (): void => {
        stop();
        reject(signal.reason as Error);
      };
      const watched: Watched = {
        token,
        knownStarted,
        pauseMs: FIRST_PAUSE_MS,
        dueAt: this.#clock.monotonic(),
        settle: (sight) => {
          stop();
          resolve(sight);
        },
        fail: (error) => {
          stop();
          reject(error instanceof Error ? error : new Error(String(error)));
        },
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#watched.add(watched);
      this.#launcher.onEnded(token, () => {
        watched.dueAt = 0;
        this.#schedule();
      });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#looking || this.#watched.size === 0) return;
    this.#timer?.cancel();
    let dueAt = Infinity;
    for (const watched of this.#watched) dueAt = Math.min(dueAt, watched.dueAt);
    this.#timer = this.#clock.setTimer(Math.max(dueAt - this.#clock.monotonic(), 0), () => {
      void this.#look();
    });
  }

  async #look(): Promise<void> {
    const now = this.#clock.monotonic();
    const due = [...this.#watched].filter((watched) => watched.dueAt <= now);
    this.#looking = true;
    for (const watched of due) {
      watched.dueAt = now + watched.pauseMs;
      watched.pauseMs = Math.min(watched.pauseMs * 2, PAUSE_MAX_MS);
    }
    try {
      const seen = await this.#launcher.observe(due);
      due.forEach((watched, index) => {
        const evidence = seen[index];
        if (evidence === undefined || !this.#watched.has(watched)) return;
        const sight = { ...judge(evidence), evidence };
        if (isNews(sight.verdict, watched.knownStarted)) watched.settle(sight);
      });
    } catch (error) {
      for (const watched of due) watched.fail(error);
    } finally {
      this.#looking = false;
      this.#schedule();
    }
  }
}

function isNews(verdict: Verdict, knownStarted: boolean): boolean {
  return verdict === 'running' ? !knownStarted : verdict !== 'starting' && verdict !== 'no-verdict';
}

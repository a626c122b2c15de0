/**
 * A patient client of a whole stack: submits experiments four at a time, each with a key of its own and again until it is
 * accepted, and says afterwards what became of them. Holds their ids and the longest time that one request took.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './eventually.js';
import type { ProjectionRow, Stack } from './stack.js';

const AT_ONCE = 4;
const ACCEPTED_MS = 120_000;
const LIMIT_MS = 180_000;
const ENDED_MS = 120_000;

export class PatientSubmissions {
  readonly ids: string[] = [];
  /** Of one request, with or without an answer. */
  slowestMs = 0;
  /** Requests that were not accepted, and were sent again. */
  retries = 0;
  /** So many may be submitted for now. */
  limit: number;

  constructor(
    private readonly stack: Stack,
    private readonly prefix: string,
    private readonly count: number,
  ) {
    this.limit = count;
  }

  /** Resolves when all are accepted. */
  async submit(): Promise<void> {
    for (let index = 0; index < this.count;) {
      await eventually(() => this.limit > index, LIMIT_MS, `more than ${index} may be submitted`);
      const next = Math.min(AT_ONCE, this.limit - index);
      const steps = Array.from({ length: next }, (_, step) => index + step);
      index += next;
      this.ids.push(...(await Promise.all(steps.map((step) => this.#accepted(`${this.prefix}-${step}`)))));
    }
  }

  /** Experiments that did not end as COMPLETED, by id and status. */
  async notCompleted(): Promise<string[]> {
    const found: string[] = [];
    for (const id of this.ids) {
      const { status } = await this.stack.until(id, ['COMPLETED', 'FAILED', 'CANCELED'], ENDED_MS);
      if (status !== 'COMPLETED') found.push(`${id}: ${status}`);
    }
    return found;
  }

  /**
   * Experiments that were not launched exactly once. A second wrapper may come for a job whose partition had two owners
   * for a moment; it finds the claim made and leaves. Who ran the job must be who made the claim.
   */
  notLaunchedOnce(): string[] {
    const jobs = join(this.stack.home, 'jobs');
    const files = (token: string, name: string): string => join(jobs, token, '.tidemark-job', name);
    const tokens = readdirSync(jobs).filter((token) => wasLaunched(files(token, 'claim')));
    const launches = tokens.map((token) => token.split('-')[1]);
    const ours = this.ids.map((id) => id.slice('exp_'.length));
    const count = (id: string): number => launches.filter((launch) => launch === id).length;
    return [
      ...ours.filter((id) => count(id) !== 1).map((id) => `exp_${id} was launched ${count(id)} times`),
      ...tokens
        .filter((token) => pidIn(files(token, 'started.json')) !== pidIn(files(token, 'claim/owner')))
        .map((token) => `${token} was run by another wrapper than the one that claimed it`),
    ];
  }

  #accepted(key: string): Promise<string> {
    return eventually(
      async () => {
        const begun = performance.now();
        try {
          const { status, body } = await this.stack.submit('true', {}, key);
          if (status === 202 || status === 200) return String(body.id);
        } catch {
          // No answer: the key makes it safe to ask again.
        } finally {
          this.slowestMs = Math.max(this.slowestMs, performance.now() - begun);
        }
        this.retries += 1;
        return undefined;
      },
      ACCEPTED_MS,
      `${key} is accepted`,
    );
  }
}

/**
 * By its wrapper. A manager that was killed between intending a launch and doing it leaves an attempt that nobody has
 * claimed; its successor claims it, so that it can never run, and makes another.
 */
function wasLaunched(claim: string): boolean {
  if (!existsSync(claim)) return false;
  const owner = join(claim, 'owner');
  return !existsSync(owner) || !readFileSync(owner, 'utf8').includes('"revokedBy"');
}

/** Of the wrapper that wrote the record. */
const pidIn = (record: string): number => (JSON.parse(readFileSync(record, 'utf8')) as { pid: number }).pid;

/** Both replicas, as soon as they are at one position with nothing left to read. */
export function settledViews(stack: Stack): Promise<ProjectionRow[]> {
  return eventually(
    async () => {
      const rows = await stack.projections().catch(() => []);
      const positions = new Set(rows.map(({ position }) => position));
      return rows.length === 2 && positions.size === 1 && rows.every(({ lag }) => lag === 0)
        ? rows
        : undefined;
    },
    120_000,
    'both replicas are at the same position',
  );
}

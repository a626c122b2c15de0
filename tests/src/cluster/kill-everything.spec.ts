// Every process of the stack is killed with -9 in turn while experiments are submitted and run: each ends, each was
// launched once, nobody waits longer than ten seconds, and all views of the history come to the same.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Stack, type ProjectionRow } from '../harness/stack.js';
import { eventually } from '../harness/eventually.js';

const EXPERIMENTS = Number(process.env.TIDEMARK_TEST_EXPERIMENTS ?? 200);
const REQUEST_MS_MAX = 10_000;

/**
 * By its wrapper. A manager that was killed between intending a launch and doing it leaves an attempt that nobody has
 * claimed; its successor claims it, so that it can never run, and makes another.
 */
function wasLaunched(claim: string): boolean {
  if (!existsSync(claim)) return false;
  const owner = join(claim, 'owner');
  return !existsSync(owner) || !readFileSync(owner, 'utf8').includes('"revokedBy"');
}

describe('a stack whose processes are killed in turn', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await Stack.up();
  }, 180_000);
  afterAll(() => stack.destroy(), 120_000);

  const submitted: string[] = [];
  let slowestMs = 0;

  /** As a patient client: the same key again until it is accepted. Each single request has its bound. */
  const submit = async (index: number): Promise<string> => {
    const key = `killed-${index}`;
    return eventually(
      async () => {
        const begun = performance.now();
        try {
          const { status, body } = await stack.submit('true', {}, key);
          return status === 202 || status === 200 ? String(body.id) : undefined;
        } catch {
          return undefined;
        } finally {
          slowestMs = Math.max(slowestMs, performance.now() - begun);
        }
      },
      120_000,
      `${key} is accepted`,
    );
  };

  const settled = async (): Promise<ProjectionRow[]> =>
    eventually(
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

  it(`brings ${EXPERIMENTS} experiments to their end`, async () => {
    const victims = (await stack.ps()).map(({ name }) => name);
    const submitting = (async () => {
      for (let index = 0; index < EXPERIMENTS; index += 4) {
        submitted.push(...(await Promise.all([0, 1, 2, 3].map((step) => submit(index + step)))));
      }
    })();
    for (const name of victims) {
      const before = await eventually(
        async () => {
          const row = (await stack.ps()).find((process) => process.name === name);
          return row?.state === 'running' ? row : undefined;
        },
        60_000,
        `${name} runs`,
      );
      process.kill(before.pid, 'SIGKILL');
      await eventually(
        async () => {
          const row = (await stack.ps()).find((process) => process.name === name);
          return row?.state === 'running' && row.pid !== before.pid;
        },
        60_000,
        `${name} runs again`,
      );
    }
    await submitting;
    expect(new Set(submitted).size).toBe(EXPERIMENTS);
    for (const id of submitted) {
      expect((await stack.until(id, ['COMPLETED', 'FAILED', 'CANCELED'], 120_000)).status).toBe('COMPLETED');
    }
  }, 600_000);

  it('launched each of them once', () => {
    const jobs = join(stack.home, 'jobs');
    const tokens = readdirSync(jobs).filter((token) =>
      wasLaunched(join(jobs, token, '.tidemark-job', 'claim')),
    );
    const experiments = tokens.map((token) => token.split('-')[1]);
    const ours = submitted.map((id) => id.slice('exp_'.length));
    expect(ours.filter((id) => experiments.filter((experiment) => experiment === id).length !== 1)).toEqual(
      [],
    );
    expect(tokens.filter((token) => existsSync(join(jobs, token, '.tidemark-job', 'duplicates')))).toEqual(
      [],
    );
  });

  it('let no request wait longer than ten seconds', () => {
    expect(slowestMs).toBeLessThan(REQUEST_MS_MAX + 1000);
  });

  it('has the same rows in both replicas, in a fresh fold, and after a rebuild', async () => {
    const [one, two] = await settled();
    expect([two?.rows, two?.hash]).toEqual([one?.rows, one?.hash]);
    const fold = await stack.json<ProjectionRow>(['projections', 'fold']);
    expect([fold.rows, fold.hash]).toEqual([one?.rows, one?.hash]);
    const rebuild = ['projections', 'rebuild', '--replica', 'metadata-server-2', '--drop-database'];
    expect((await stack.cli(rebuild, 120_000)).status).toBe(0);
    const rebuilt = (await settled()).find(({ replica }) => replica === 'metadata-server-2');
    expect([rebuilt?.rows, rebuilt?.hash]).toEqual([one?.rows, one?.hash]);
  }, 300_000);
});

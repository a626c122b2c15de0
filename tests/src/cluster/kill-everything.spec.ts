// Every process of the stack is killed with -9 in turn while experiments are submitted and run: each ends, each was
// launched once, nobody waits longer than ten seconds, and all views of the history come to the same.
import { eventually } from '../harness/eventually.js';
import { PatientSubmissions, settledViews } from '../harness/patient-submissions.js';
import { Stack, type ProjectionRow } from '../harness/stack.js';

const EXPERIMENTS = Number(process.env.TIDEMARK_TEST_EXPERIMENTS ?? 200);
const REQUEST_MS_MAX = 10_000;

describe('a stack whose processes are killed in turn', () => {
  let stack: Stack;
  let submissions: PatientSubmissions;
  beforeAll(async () => {
    stack = await Stack.up();
    submissions = new PatientSubmissions(stack, 'killed', EXPERIMENTS);
  }, 180_000);
  afterAll(() => stack.destroy(), 120_000);

  it(`brings ${EXPERIMENTS} experiments to their end`, async () => {
    const victims = (await stack.ps()).map(({ name }) => name);
    const submitting = submissions.submit();
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
    expect(new Set(submissions.ids).size).toBe(EXPERIMENTS);
    expect(await submissions.notCompleted()).toEqual([]);
  }, 600_000);

  it('launched each of them once', () => {
    expect(submissions.notLaunchedOnce()).toEqual([]);
  });

  it('let no request wait longer than ten seconds', () => {
    expect(submissions.slowestMs).toBeLessThan(REQUEST_MS_MAX + 1000);
  });

  it('has the same rows in both replicas, in a fresh fold, and after a rebuild', async () => {
    const [one, two] = await settledViews(stack);
    expect([two?.rows, two?.hash]).toEqual([one?.rows, one?.hash]);
    const fold = await stack.json<ProjectionRow>(['projections', 'fold']);
    expect([fold.rows, fold.hash]).toEqual([one?.rows, one?.hash]);
    const rebuild = ['projections', 'rebuild', '--replica', 'metadata-server-2', '--drop-database'];
    expect((await stack.cli(rebuild, 120_000)).status).toBe(0);
    const rebuilt = (await settledViews(stack)).find(({ replica }) => replica === 'metadata-server-2');
    expect([rebuilt?.rows, rebuilt?.hash]).toEqual([one?.rows, one?.hash]);
  }, 300_000);
});

/**
 * Experiments are submitted to a whole stack while its brokers are killed with -9 in turn, one of them as the active
 * controller, each brought back before the next. Every experiment ends as COMPLETED, each was launched once, and the views
 * of the history are the same: of both replicas, and of a fresh fold by the CLI.
 */
import { eventually } from '../../harness/eventually.js';
import { PatientSubmissions, settledViews } from '../../harness/patient-submissions.js';
import { Stack, type ProcessRow, type ProjectionRow } from '../../harness/stack.js';
import { spreadOf, type Show, type ShowResult } from './show.js';

const EXPERIMENTS = 100;
const REQUEST_MS_MAX = 10_000;
const NAMES = ['broker-1', 'broker-2', 'broker-3'] as const;

export const experimentsShow: Show = {
  name: 'experiments',
  what: `${EXPERIMENTS} experiments (--rounds N) are submitted while every broker is killed in turn`,
  mustHold: 'all COMPLETED, each launched once; both replicas of the views and a fresh fold have one hash',
  run: ({ rounds = EXPERIMENTS, say }) => experimentsWhileBrokersDie(rounds, say),
};

export async function experimentsWhileBrokersDie(
  count: number,
  say: (line: string) => void = () => undefined,
): Promise<ShowResult> {
  const stack = await Stack.up();
  try {
    const submissions = new PatientSubmissions(stack, 'broker-kills', count);
    submissions.limit = 1;
    const begun = performance.now();
    const [kills] = await Promise.all([
      killBrokers(stack, submissions, { count, say }),
      submissions.submit(),
    ]);
    const reasons = await submissions.notCompleted();
    const tookMs = performance.now() - begun;
    reasons.push(...submissions.notLaunchedOnce());
    if (new Set(submissions.ids).size !== count)
      reasons.push(`${submissions.ids.length} ids for ${count} keys`);
    if (submissions.slowestMs > REQUEST_MS_MAX + 1_000)
      reasons.push(`a request took ${Math.round(submissions.slowestMs)} ms`);
    const views = await viewsOf(stack);
    reasons.push(...views.reasons);
    const figures = [
      `${count} experiments in ${(tookMs / 1000).toFixed(1)} s, ${submissions.retries} submissions sent again, slowest request ${Math.round(submissions.slowestMs)} ms`,
      `kills: ${kills.map(({ name, isController }) => `${name}${isController ? ' (controller)' : ''}`).join(', ')}; back after ${spreadOf(kills.map(({ downMs }) => downMs))} (median/max)`,
      views.figure,
    ];
    const toothless = kills.filter(({ underWay }) => underWay === 0).map(({ name }) => name);
    if (toothless.length === 0 && kills.some(({ isController }) => isController)) return { figures, reasons };
    const invalid = `nothing was under way when ${toothless.join(', ') || 'the controller'} was killed`;
    return { figures, reasons, invalid };
  } finally {
    await stack.destroy();
  }
}

interface Kill {
  readonly name: string;
  readonly isController: boolean;
  /** Experiments that were accepted after it. */
  readonly underWay: number;
  readonly downMs: number;
}

/** The active controller first, so that it is among them whoever it is; a share of the experiments at each. */
async function killBrokers(
  stack: Stack,
  submissions: PatientSubmissions,
  { count, say }: { readonly count: number; readonly say: (line: string) => void },
): Promise<Kill[]> {
  const kills: Kill[] = [];
  const first = await controllerOf(stack);
  const names = [first, ...NAMES.filter((other) => other !== first)];
  for (const [index, name] of names.entries()) {
    const isController = (await controllerOf(stack)) === name;
    const before = await runningRow(stack, name);
    submissions.limit = index + 1 === names.length ? count : Math.ceil((count * (index + 1)) / names.length);
    const accepted = submissions.ids.length;
    await eventually(() => submissions.ids.length > accepted, 60_000, 'the next experiments are accepted');
    process.kill(before.pid, 'SIGKILL');
    const begun = performance.now();
    const underWay = submissions.limit - submissions.ids.length;
    await runningRow(stack, name, before.pid);
    const downMs = performance.now() - begun;
    kills.push({ name, isController, underWay, downMs });
    const who = `${name}${isController ? ' (controller)' : ''}`;
    say(`${who} killed with ${underWay} experiments to come; it runs again after ${Math.round(downMs)} ms`);
    await inSync(stack);
  }
  return kills;
}

/** As the supervisor has it, which starts again what dies. */
function runningRow(stack: Stack, name: string, otherThan = 0): Promise<ProcessRow> {
  return eventually(
    async () => {
      const row = (await stack.ps()).find((process) => process.name === name);
      return row?.state === 'running' && row.pid !== otherThan ? row : undefined;
    },
    60_000,
    `${name} runs`,
  );
}

async function controllerOf(stack: Stack): Promise<string> {
  const rows = await eventually(
    () => stack.json<BrokerRow[]>(['brokers']).catch(() => undefined),
    60_000,
    'brokers can be listed',
  );
  return `broker-${rows.find(({ controller }) => controller)?.id ?? 0}`;
}

interface BrokerRow {
  readonly id: number;
  readonly controller: boolean;
  readonly state: string;
  readonly replicas: number;
  readonly inSync: number;
}

/** What the next kill may count on: every partition has all its replicas again. */
async function inSync(stack: Stack): Promise<void> {
  await eventually(
    async () => {
      const rows = await stack.json<BrokerRow[]>(['brokers']).catch(() => []);
      return (
        rows.length === NAMES.length &&
        rows.every(({ state, replicas, inSync }) => state === 'alive' && replicas === inSync)
      );
    },
    60_000,
    'all replicas are in sync',
  );
}

async function viewsOf(stack: Stack): Promise<{ figure: string; reasons: string[] }> {
  const [one, two] = await settledViews(stack);
  const fold = await stack.json<ProjectionRow>(['projections', 'fold']);
  const hashes = [one?.hash, two?.hash, fold.hash];
  const same = new Set(hashes).size === 1 && one?.rows === two?.rows && fold.rows === one?.rows;
  const figure = `${fold.rows} rows, hash ${fold.hash.slice(0, 12)} in both replicas and a fresh fold`;
  return same ? { figure, reasons: [] } : { figure, reasons: [`views differ: ${hashes.join(' ')}`] };
}

/**
 * The stack on the machine at hand: how soon it is ready, how long the smallest job takes, how many submissions it
 * answers, how fast a projection is built from the log. All processes of the stack and the load share the cores.
 */
import { median } from '../median.js';
import type { Figure } from '../figure.js';
import { BenchStack, type StartTimes } from './bench-stack.js';
import { writeHistory } from './long-history.js';
import {
  completed,
  runSubmissions,
  submitToCompleted,
  type SubmissionResult,
  type SubmissionTarget,
} from './submissions.js';

export interface StackBenchSize {
  readonly starts: number;
  readonly jobs: number;
  readonly rounds: number;
  readonly submissions: number;
  readonly events: number;
}

export const STACK_FULL: StackBenchSize = {
  starts: 3,
  jobs: 31,
  rounds: 5,
  submissions: 1_000,
  events: 100_000,
};
export const STACK_QUICK: StackBenchSize = {
  starts: 1,
  jobs: 9,
  rounds: 3,
  submissions: 400,
  events: 50_000,
};

/** Clients at once: what keeps the deciders' batches filled without waiting in a queue. */
const CLIENTS = 32;
const LAUNCHED = 100;
const POLL_MS = 20;
const CATCH_UP_BOUND_MS = 180_000;
const SETTLE_MS = 3_000;
const REPLICA = 'metadata-server-1';

type Say = (line: string) => void;

export async function runStackBench(size: StackBenchSize, say: Say): Promise<Figure[]> {
  const starts: StartTimes[] = [];
  for (;;) {
    say(`stack: start ${starts.length + 1} of ${size.starts}`);
    const stack = await BenchStack.up();
    try {
      starts.push(stack.start);
      if (starts.length === size.starts)
        return [...startFigures(starts), ...(await measure(stack, size, say))];
    } finally {
      await stack.destroy();
    }
  }
}

function startFigures(starts: readonly StartTimes[]): Figure[] {
  const ready = median(starts.map(({ readySeconds }) => readySeconds));
  return [
    { name: 'stack, ready', value: ready, unit: 's', goal: { measured: ready, below: 20 } },
    {
      name: 'stack, first experiment done',
      value: median(starts.map(({ upSeconds }) => upSeconds)),
      unit: 's',
    },
  ];
}

async function measure(stack: BenchStack, size: StackBenchSize, say: Say): Promise<Figure[]> {
  await pause(SETTLE_MS);
  const memory = memoryFigures(stack);
  const frontDoor = { url: stack.http('front-door-1'), apiKey: stack.apiKey };
  say(`stack: ${size.jobs} jobs, one at a time`);
  const jobTimes: number[] = [];
  for (let job = 0; job < size.jobs; job += 1) jobTimes.push(await submitToCompleted(frontDoor));
  const submissions = await measureSubmissions(stack, frontDoor, size, say);
  say(`stack: ${LAUNCHED} submissions that are launched, to their end`);
  const launched = await runSubmissions({
    targets: [frontDoor],
    clients: CLIENTS,
    submissions: LAUNCHED,
    launch: true,
  });
  const launchedAt = performance.now();
  for (const id of launched.ids) await completed(frontDoor, id);
  const drainSeconds = (performance.now() - launchedAt) / 1000;
  const rebuild = await measureRebuild(stack, launched.ids[0] ?? '', size, say);
  const p50 = median(jobTimes);
  return [
    {
      name: 'stack, submit to COMPLETED, p50',
      value: p50,
      unit: 'ms',
      goal: { measured: p50, below: 1_000 },
    },
    ...submissions,
    { name: 'stack, submits with launch, front door', value: launched.perSecond, unit: '/s' },
    { name: `stack, those ${LAUNCHED} jobs done after`, value: drainSeconds, unit: 's' },
    rebuild,
    ...memory,
  ];
}

/** Rounds through the front door and past it take turns. */
async function measureSubmissions(
  stack: BenchStack,
  frontDoor: SubmissionTarget,
  size: StackBenchSize,
  say: Say,
): Promise<Figure[]> {
  const replicas = ['api-server-1', 'api-server-2'].map((name) => ({
    url: stack.http(name),
    apiKey: stack.apiKey,
  }));
  const [through, past]: [SubmissionResult[], SubmissionResult[]] = [[], []];
  const cpuMs: number[] = [];
  const load = { clients: CLIENTS, submissions: size.submissions, launch: false };
  await runSubmissions({ ...load, targets: [frontDoor] });
  for (let round = 0; round < size.rounds; round += 1) {
    say(`stack: submissions, round ${round + 1} of ${size.rounds}`);
    const cpuBefore = stack.cpuSeconds();
    through.push(await runSubmissions({ ...load, targets: [frontDoor] }));
    cpuMs.push(((stack.cpuSeconds() - cpuBefore) * 1000) / size.submissions);
    past.push(await runSubmissions({ ...load, targets: replicas }));
  }
  const rate = (results: readonly SubmissionResult[]): number =>
    median(results.map(({ perSecond }) => perSecond));
  const answerTime = (of: (result: SubmissionResult) => number): number => median(through.map(of));
  return [
    {
      name: 'stack, submits, front door',
      value: rate(through),
      unit: '/s',
      goal: { measured: rate(through), atLeast: 300 },
    },
    {
      name: `  answered within, p50 (${CLIENTS} clients)`,
      value: answerTime(({ p50Ms }) => p50Ms),
      unit: 'ms',
    },
    {
      name: `  answered within, p99 (${CLIENTS} clients)`,
      value: answerTime(({ p99Ms }) => p99Ms),
      unit: 'ms',
    },
    { name: '  processor time of the stack for one', value: median(cpuMs), unit: 'ms' },
    { name: 'stack, submits, API servers directly', value: rate(past), unit: '/s' },
  ];
}

async function measureRebuild(
  stack: BenchStack,
  templateId: string,
  size: StackBenchSize,
  say: Say,
): Promise<Figure> {
  say(`stack: writing a history of ${size.events.toLocaleString('en')} events`);
  await writeHistory(stack.broker, templateId, size.events);
  const server = stack.http(REPLICA);
  await ready(server);
  const events = await eventsIn(server);
  const rates: number[] = [];
  for (let round = 0; round < size.rounds; round += 1) {
    say(`stack: rebuild ${round + 1} of ${size.rounds}, ${events.toLocaleString('en')} events`);
    const begun = performance.now();
    const answer = await fetch(`${server}/admin/projections/rebuild`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    if (answer.status !== 202) throw new Error(`rebuild: ${answer.status} ${await answer.text()}`);
    await ready(server);
    rates.push((events / (performance.now() - begun)) * 1000);
  }
  const rate = median(rates);
  return {
    name: 'stack, rebuild of a projection',
    value: rate,
    unit: 'events/s',
    goal: { measured: rate, atLeast: 20_000 },
  };
}

/** Until the replica's projection stands at the end of the log. */
async function ready(server: string): Promise<void> {
  const deadline = performance.now() + CATCH_UP_BOUND_MS;
  while ((await fetch(`${server}/readyz`).then(({ status }) => status)) !== 200) {
    if (performance.now() > deadline) throw new Error('the projection does not come to the end of the log');
    await pause(POLL_MS);
  }
}

/** Records that the projection has folded: the sum of its positions. */
async function eventsIn(server: string): Promise<number> {
  for (;;) {
    const answer = await fetch(`${server}/admin/projections`);
    const [view] = (await answer.json()) as { lag: number; position: string }[];
    if (view?.lag === 0)
      return view.position
        .split(',')
        .reduce((sum, entry) => sum + Number(entry.slice(entry.lastIndexOf('@') + 1)), 0);
    await pause(POLL_MS);
  }
}

function memoryFigures(stack: BenchStack): Figure[] {
  return ['broker-1', 'api-server-1', 'application-manager-1', 'metadata-server-1', 'front-door-1'].map(
    (name) => ({ name: `stack, memory of ${name}, idle`, value: stack.rss(name) / 1e6, unit: 'MB' }),
  );
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Submissions over HTTP: as fast as several keep-alive clients get them answered, and one at a time to their end. Every
 * submission has its own Idempotency-Key, so every answer is a decision of its own, made and read back before it is sent.
 */
import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';

export interface SubmissionTarget {
  readonly url: string;
  readonly apiKey: string;
}

export interface SubmissionLoad {
  /** One after another; the clients take turns at them. */
  readonly targets: readonly SubmissionTarget[];
  readonly clients: number;
  /** All clients together. */
  readonly submissions: number;
  /** False: created and validated, and no job is run. */
  readonly launch: boolean;
}

export interface SubmissionResult {
  readonly perSecond: number;
  /** Of the answers' times, milliseconds. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly ids: readonly string[];
}

interface Accepted {
  readonly id: string;
}

const ANSWER_BOUND_MS = 30_000;
const END_BOUND_MS = 60_000;

export async function runSubmissions(load: SubmissionLoad): Promise<SubmissionResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: load.clients });
  const times: number[] = [];
  const ids: string[] = [];
  let left = load.submissions;
  const client = async (target: SubmissionTarget): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const begun = performance.now();
      ids.push((await submit(target, load.launch, agent)).id);
      times.push(performance.now() - begun);
    }
  };
  const begun = performance.now();
  await Promise.all(Array.from({ length: load.clients }, (_, index) => client(turn(load.targets, index))));
  const seconds = (performance.now() - begun) / 1000;
  agent.destroy();
  times.sort((one, other) => one - other);
  const quantile = (part: number): number => times[Math.floor(times.length * part)] ?? Number.NaN;
  return { perSecond: load.submissions / seconds, p50Ms: quantile(0.5), p99Ms: quantile(0.99), ids };
}

/** From the request to the event that says COMPLETED, as a client sees both, milliseconds. */
export async function submitToCompleted(target: SubmissionTarget): Promise<number> {
  const begun = performance.now();
  const { id } = await submit(target, true, undefined);
  await completed(target, id);
  return performance.now() - begun;
}

/** Resolves when the experiment's stream of events has told that it was completed; rejects on any other end. */
export async function completed(target: SubmissionTarget, id: string): Promise<void> {
  const response = await fetch(`${target.url}/v1/experiments/${id}/events`, {
    headers: { authorization: `Bearer ${target.apiKey}`, accept: 'text/event-stream' },
    signal: AbortSignal.timeout(END_BOUND_MS),
  });
  if (response.body === null || !response.ok) throw new Error(`events of ${id}: ${response.status}`);
  let text = '';
  for await (const chunk of response.body) {
    text += Buffer.from(chunk as Uint8Array).toString();
    if (text.includes('ExperimentCompleted')) return;
    if (/Experiment(Failed|Canceled|Rejected)/.test(text)) break;
  }
  throw new Error(`${id} was not completed: ${text.slice(-500)}`);
}

function turn<T>(values: readonly T[], index: number): T {
  const value = values[index % values.length];
  if (value === undefined) throw new Error('a load needs a target');
  return value;
}

function submit(target: SubmissionTarget, launch: boolean, agent: Agent | undefined): Promise<Accepted> {
  const body = JSON.stringify({ application: { name: 'true' }, launch });
  return new Promise((resolve, reject) => {
    const outgoing = request(`${target.url}/v1/experiments`, {
      method: 'POST',
      timeout: ANSWER_BOUND_MS,
      ...(agent === undefined ? {} : { agent }),
      headers: {
        authorization: `Bearer ${target.apiKey}`,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'idempotency-key': randomUUID(),
      },
    });
    outgoing.once('error', reject);
    outgoing.once('timeout', () => outgoing.destroy(new Error('a submission was not answered')));
    outgoing.once('response', (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => (text += chunk));
      answer.once('end', () => {
        if (answer.statusCode === 202) resolve(JSON.parse(text) as Accepted);
        else reject(new Error(`a submission was answered with ${answer.statusCode}: ${text}`));
      });
    });
    outgoing.end(body);
  });
}

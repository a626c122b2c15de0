/**
 * The admin HTTP of a home's living brokers: what they say of themselves that Kafka's protocol has no words for. A broker
 * that does not answer is one of which nothing is known; nobody waits long for it.
 */
import type { Home } from '../stack/home.js';
import { livingRunFiles } from '../stack/run-file.js';
import { brokerIdOf } from './broker-plan.js';

export interface BrokerAdmin {
  readonly id: number;
  readonly url: string;
}

const ANSWER_BOUND_MS = 2_000;

export function adminsOf(home: Home): BrokerAdmin[] {
  return livingRunFiles(home.runDirectory)
    .filter(({ kind, addresses }) => kind === 'broker' && addresses.admin !== undefined)
    .map(({ name, addresses }) => ({ id: brokerIdOf(name), url: `http://${addresses.admin ?? ''}` }));
}

/** What is at `path`, or nothing. */
export async function askAdmin<Answer>({ url }: BrokerAdmin, path: string): Promise<Answer | undefined> {
  try {
    const response = await fetch(`${url}${path}`, { signal: AbortSignal.timeout(ANSWER_BOUND_MS) });
    return response.ok ? ((await response.json()) as Answer) : undefined;
  } catch {
    return undefined;
  }
}

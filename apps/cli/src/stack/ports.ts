/**
 * Ports on 127.0.0.1: is one free, and which is. A port that was found free may be taken by somebody else before
 * its process listens; that process then fails to start and says so.
 */
import net from 'node:net';
import { Fault } from '../console/fault.js';
import { SETTINGS, type StackSettings } from './settings.js';

export const LOOPBACK = '127.0.0.1';

export interface BrokerPorts {
  readonly kafka: number;
  readonly admin: number;
}

export interface Ports {
  readonly httpPort: number;
  readonly postgresPort: number;
  /** By broker id. */
  readonly brokers: Readonly<Record<string, BrokerPorts>>;
}

type PortKey = 'httpPort' | 'brokerPort' | 'brokerAdminPort' | 'postgresPort';

interface Wish {
  readonly key: PortKey;
  readonly port: number;
  readonly process: string;
}

/** The port when it could be listened on (`port`, or any free one for 0), or why it could not. */
export function tryPort(port: number): Promise<number | NodeJS.ErrnoException> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', resolve);
    server.listen({ host: LOOPBACK, port, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : port));
    });
  });
}

/**
 * Turns wished ports into ones that are free now: those of the front door, of PostgreSQL and of every broker. Throws
 * one `Fault` line per port in use that names the port and what changes it.
 */
export async function claimPorts(settings: StackSettings, brokerIds: readonly number[]): Promise<Ports> {
  const claimed = await claim([
    { key: 'httpPort', port: settings.httpPort, process: 'front-door-1' },
    { key: 'postgresPort', port: settings.postgresPort, process: 'postgres-1' },
    ...brokerIds.flatMap((id) => brokerWishes(settings, id)),
  ]);
  const [httpPort = 0, postgresPort = 0, ...ofBrokers] = claimed;
  return { httpPort, postgresPort, brokers: brokerPorts(brokerIds, ofBrokers) };
}

/** The same for brokers that come to a stack that runs. */
export async function claimBrokerPorts(
  settings: Pick<StackSettings, 'brokerPort' | 'brokerAdminPort'>,
  brokerIds: readonly number[],
): Promise<Ports['brokers']> {
  return brokerPorts(brokerIds, await claim(brokerIds.flatMap((id) => brokerWishes(settings, id))));
}

function brokerPorts(brokerIds: readonly number[], ports: readonly number[]): Ports['brokers'] {
  return Object.fromEntries(
    brokerIds.map((id, index) => [id, { kafka: ports[index * 2] ?? 0, admin: ports[index * 2 + 1] ?? 0 }]),
  );
}

function brokerWishes(settings: Pick<StackSettings, 'brokerPort' | 'brokerAdminPort'>, id: number): Wish[] {
  return (['brokerPort', 'brokerAdminPort'] as const).map((key) => {
    const first = settings[key];
    return { key, port: first === 0 ? 0 : first + id - 1, process: `broker-${id}` };
  });
}

async function claim(wishes: readonly Wish[]): Promise<number[]> {
  const faults: string[] = [];
  const claimed: number[] = [];
  for (const wish of wishes) {
    let found = await tryPort(wish.port);
    while (typeof found === 'number' && claimed.includes(found) && wish.port === 0) found = await tryPort(0);
    if (typeof found === 'number' && !claimed.includes(found)) claimed.push(found);
    else faults.push(describe(wish, found));
  }
  if (faults.length > 0) throw new Fault(faults.join('; '));
  return claimed;
}

function describe({ key, port, process }: Wish, problem: number | NodeJS.ErrnoException): string {
  const setting = SETTINGS.find((candidate) => candidate.key === key);
  const change = `set ${setting?.variable ?? key} or ${setting?.flag ?? key} to another (0 takes a free one)`;
  if (typeof problem === 'number') return `port ${port} of ${process} is asked for twice: ${change}`;
  if (problem.code === 'EADDRINUSE') return `port ${port} of ${process} on ${LOOPBACK} is in use: ${change}`;
  return `port ${port} of ${process} on ${LOOPBACK} cannot be listened on (${problem.code ?? problem.message}): ${change}`;
}

/**
 * Ports on 127.0.0.1: is one free, and which is. A port that was found free may be taken by somebody else before
 * its process listens; that process then fails to start and says so.
 */
import net from 'node:net';
import { Fault } from '../console/fault.js';
import { SETTINGS, type StackSettings } from './settings.js';

export const LOOPBACK = '127.0.0.1';
export type PortKey = 'httpPort' | 'brokerPort' | 'brokerAdminPort' | 'postgresPort';
export const PORT_KEYS: readonly PortKey[] = ['httpPort', 'brokerPort', 'brokerAdminPort', 'postgresPort'];
export type Ports = Readonly<Record<PortKey, number>>;

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
 * Turns wished ports into ones that are free now. Throws one `Fault` line per port in use that names the port and
 * what changes it.
 */
export async function claimPorts(settings: StackSettings): Promise<Ports> {
  const faults: string[] = [];
  const claimed: Partial<Record<PortKey, number>> = {};
  for (const key of PORT_KEYS) {
    let found = await tryPort(settings[key]);
    while (typeof found === 'number' && Object.values(claimed).includes(found) && settings[key] === 0) {
      found = await tryPort(0);
    }
    if (typeof found === 'number' && !Object.values(claimed).includes(found)) claimed[key] = found;
    else faults.push(describe(key, settings[key], found));
  }
  if (faults.length > 0) throw new Fault(faults.join('; '));
  return claimed as Ports;
}

function describe(key: PortKey, port: number, problem: number | NodeJS.ErrnoException): string {
  const setting = SETTINGS.find((candidate) => candidate.key === key);
  const change = `set ${setting?.variable ?? key} or ${setting?.flag ?? key} to another (0 takes a free one)`;
  if (typeof problem === 'number') return `port ${port} is asked for twice: ${change}`;
  if (problem.code === 'EADDRINUSE') return `port ${port} on ${LOOPBACK} is in use: ${change}`;
  return `port ${port} on ${LOOPBACK} cannot be listened on (${problem.code ?? problem.message}): ${change}`;
}

/**
 * A port that nobody listens on now; for programs that must be told their port before they start, and that find it free
 * again after they were killed. So it is none of those that the system gives away by itself: while such a program is
 * dead, another suite's server, or anybody's outgoing connection, would be given its port.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below what Linux (32768) and others (49152) give away. */
const FIRST = 20_000;
const COUNT = 12_000;

export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    if (await isFree(port)) return port;
  }
}

/** So many different ones. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await freePort());
  return [...ports];
}

async function isFree(port: number): Promise<boolean> {
  // Whoever takes this for the server that he waits for is not to wait for its answer.
  const server = createServer((socket) => socket.destroy());
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}

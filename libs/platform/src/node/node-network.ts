/**
 * TCP on this machine. Holds no state; listeners and connections belong to who asked for them.
 */
import net from 'node:net';
import { NetworkError, type Address, type Connection, type Listener, type Network } from '../network.js';
import { toNetworkError } from './network-errors.js';
import { SocketConnection } from './socket-connection.js';

const BACKLOG = 1024;

export const nodeNetwork: Network = {
  listen(address: Address, accept: (connection: Connection) => void): Promise<Listener> {
    return new Promise((resolve, reject) => {
      const server = net.createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
        // The peer may be gone before its socket is looked at; then there is nobody to serve.
        if (socket.remoteAddress === undefined) socket.destroy();
        else accept(new SocketConnection(socket));
      });
      server.once('error', (cause) => reject(toNetworkError(cause)));
      server.listen({ host: address.host, port: address.port, backlog: BACKLOG }, () => {
        server.removeAllListeners('error');
        // Accepting may fail later for want of descriptors; the listener stays and the next one may succeed.
        server.on('error', () => undefined);
        resolve({ address: boundAddress(server, address), close: () => closeListener(server) });
      });
    });
  },

  connect(address: Address, timeoutMs: number): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = new net.Socket({ allowHalfOpen: false });
      // Paused, so that nothing is read before the connection has an owner.
      socket.pause();
      const timeout = setTimeout(() => {
        socket.destroy();
        const detail = `no answer from ${address.host}:${address.port} within ${timeoutMs} ms`;
        reject(new NetworkError('timeout', detail));
      }, timeoutMs);
      const refuse = (cause: Error): void => {
        clearTimeout(timeout);
        socket.destroy();
        reject(toNetworkError(cause));
      };
      socket.once('error', refuse);
      socket.connect({ host: address.host, port: address.port, noDelay: true }, () => {
        clearTimeout(timeout);
        socket.removeListener('error', refuse);
        resolve(new SocketConnection(socket));
      });
    });
  },
};

function boundAddress(server: net.Server, asked: Address): Address {
  const bound = server.address();
  if (bound === null || typeof bound === 'string') return asked;
  return { host: bound.address, port: bound.port };
}

/**
 * The listening socket is closed by the call; the server's own callback would wait for every connection that was
 * ever accepted, and those stay.
 */
function closeListener(server: net.Server): Promise<void> {
  return new Promise((resolve) => {
    server.close();
    setImmediate(resolve);
  });
}

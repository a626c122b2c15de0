/**
 * The network door of one process. Stateless: what it opens belongs to the hub and to the process.
 */
import { NetworkError, type Address, type Connection, type Listener, type Network } from '@tidemark/platform';
import type { SimulatedEvent } from './event-heap.js';
import type { Incarnation } from './incarnation.js';
import type { NetworkHub } from './network-hub.js';
import { SimulatedConnection } from './simulated-connection.js';

export class SimulatedNetwork implements Network {
  constructor(
    private readonly hub: NetworkHub,
    private readonly process: Incarnation,
    private readonly host: string,
  ) {}

  listen(address: Address, accept: (connection: Connection) => void): Promise<Listener> {
    const port = address.port === 0 ? this.hub.freePort() : address.port;
    const key = `${this.host}:${port}`;
    const known = this.hub.listeners.get(key);
    if (known?.owner.alive === true)
      return Promise.reject(new NetworkError('address-in-use', `${key} is in use`));
    const listener = { owner: this.process, accept };
    this.hub.listeners.set(key, listener);
    return Promise.resolve({
      address: { host: this.host, port },
      close: () => {
        if (this.hub.listeners.get(key) === listener) this.hub.listeners.delete(key);
        return Promise.resolve();
      },
    });
  }

  connect(address: Address, timeoutMs: number): Promise<Connection> {
    const { hub, process, host } = this;
    return new Promise((resolve, reject) => {
      let settled = false;
      const settle = (act: () => void): void => {
        if (settled) return;
        settled = true;
        timeout.fire = undefined;
        act();
      };
      const later = (delayMs: number, act: () => void): SimulatedEvent =>
        hub.world.schedule(delayMs, process, () => settle(act));
      const timeout = later(timeoutMs, () => {
        reject(new NetworkError('timeout', `no answer from ${address.host}:${address.port}`));
      });
      const there = hub.link(host, address.host);
      const back = hub.link(address.host, host);
      // The first packet is sent again for a while, but a caller with a timeout does not wait for that.
      hub.world.schedule(there.delayMs(), undefined, () => {
        if (!there.open || !back.open) {
          hub.heldUp += 1;
          return;
        }
        if (hub.dark.has(address.host) || settled || !process.alive) return;
        const listener = hub.listeners.get(`${address.host}:${address.port}`);
        if (listener?.owner.alive !== true) {
          later(back.delayMs(), () => {
            reject(new NetworkError('refused', `${address.host}:${address.port} refused`));
          });
          return;
        }
        const local = { host, port: hub.freePort() };
        const client = new SimulatedConnection(hub, process, local, address);
        const server = new SimulatedConnection(hub, listener.owner, address, local);
        SimulatedConnection.pair(client, server);
        hub.world.schedule(0, listener.owner, () => listener.accept(server));
        hub.world.schedule(back.delayMs(), process, () => {
          if (settled) client.destroy();
          else settle(() => resolve(client));
        });
      });
    });
  }
}

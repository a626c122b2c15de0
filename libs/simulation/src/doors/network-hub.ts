/**
 * Everything between the machines: who listens where, the links and their faults, and the connections of each process.
 * Holds those tables. `SimulatedNetwork` is one process's door to it; machines tell it when they die or come back.
 *
 * What must hold: a connection's bytes arrive in order or not at all; a killed process's peers hear of it after a
 * delay, a machine without power says nothing until it is back.
 */
import type { Connection } from '@tidemark/platform';
import type { Incarnation } from './incarnation.js';
import { Link } from './link.js';
import type { SeededRandom } from './seeded-random.js';
import type { SimulatedConnection } from './simulated-connection.js';
import type { World } from './world.js';

export interface SimulatedListener {
  readonly owner: Incarnation;
  readonly accept: (connection: Connection) => void;
}

export class NetworkHub {
  readonly listeners = new Map<string, SimulatedListener>();
  readonly connections = new Map<Incarnation, Set<SimulatedConnection>>();
  /** Hosts without power: nobody answers there. */
  readonly dark = new Set<string>();
  /** Chunks that a block held up: a partition with none did not bite. */
  heldUp = 0;
  /** Bytes are cut into chunks of up to this many at random; 0: never. */
  chunkBytes = 0;
  /** Bytes on the way after which a sender is told to wait. */
  windowBytes = 128 * 1024;
  private readonly links = new Map<string, Link>();
  /** Of dark machines: connections whose peers have heard nothing yet. */
  private readonly halfOpen = new Map<string, SimulatedConnection[]>();
  private nextPort = 40_000;

  constructor(
    readonly world: World,
    readonly random: SeededRandom,
  ) {}

  link(from: string, to: string): Link {
    const key = `${from}>${to}`;
    let link = this.links.get(key);
    if (link === undefined) {
      link = new Link(this.random.fork(key));
      this.links.set(key, link);
    }
    return link;
  }

  freePort(): number {
    return this.nextPort++;
  }

  opened(owner: Incarnation, connection: SimulatedConnection): void {
    const open = this.connections.get(owner);
    if (open === undefined) this.connections.set(owner, new Set([connection]));
    else open.add(connection);
  }

  closed(owner: Incarnation, connection: SimulatedConnection): void {
    this.connections.get(owner)?.delete(connection);
  }

  /** A process is gone. With `silently` (no power) its peers hear nothing until `powered`. */
  killed(owner: Incarnation, host: string, silently: boolean): void {
    for (const [key, listener] of this.listeners) if (listener.owner === owner) this.listeners.delete(key);
    const connections = [...(this.connections.get(owner) ?? [])];
    this.connections.delete(owner);
    if (silently) {
      this.dark.add(host);
      this.halfOpen.set(host, [...(this.halfOpen.get(host) ?? []), ...connections]);
    } else for (const connection of connections) connection.vanish();
  }

  /** The machine is back: whoever still speaks to a process that it had learns that it is gone. */
  powered(host: string): void {
    this.dark.delete(host);
    for (const connection of this.halfOpen.get(host) ?? []) connection.vanish();
    this.halfOpen.delete(host);
  }
}

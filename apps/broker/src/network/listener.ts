/**
 * The broker's port: accepts connections within limits, and looks after those that are open. Holds the set of open
 * connections. Started and stopped by `broker.ts`; its sweep closes idle connections, those that begin a frame and do
 * not go on, and those that do not read their answers.
 */
import type { Address, Clock, Connection, Listener as Port, Network, Timer } from '@tidemark/platform';
import type { Logger } from 'pino';
import type { BrokerMetrics } from '../metrics.js';
import type { Tick } from '../tick.js';
import type { CloseReason } from './close-reason.js';
import { ClientConnection } from './connection.js';
import type { Dispatch } from './dispatch.js';

export interface ListenerOptions {
  readonly network: Network;
  readonly clock: Clock;
  readonly tick: Tick;
  readonly logger: Logger;
  readonly metrics: BrokerMetrics;
  readonly dispatch: Dispatch;
  readonly requestBytesMax: number;
  readonly connectionsMax: number;
  readonly connectionsPerIpMax: number;
  readonly idleMaxMs: number;
}

/** A frame that was begun is to be complete in this time, and answers that are ready are to be read in it. */
const STALL_MAX_MS = 30_000;
const SWEEP_MAX_MS = 1_000;
/** A frame gets a second more for so many of its bytes: slower senders hold memory for nothing. */
const FRAME_BYTES_PER_S_MIN = 64 * 1024;
/** Connections kept waiting while the broker starts. */
const EARLY_MAX = 1_024;

interface Watched {
  readonly connection: ClientConnection;
  activity: number;
  activeAt: number;
  /** Requests taken up at the last look, and when that last changed. */
  takenUp: number;
  takenUpAt: number;
}

export class Listener {
  private readonly open = new Map<number, Watched>();
  private readonly perIp = new Map<string, number>();
  private port: Port | undefined;
  private nextId = 1;
  private sweepTimer: Timer | undefined;
  private told: Address = { host: '', port: 0 };
  private stopping = false;
  /** Connections that came before the broker was ready; nothing is read from them until `serve`. */
  private early: Connection[] | undefined = [];

  constructor(private readonly options: ListenerOptions) {}

  get connections(): number {
    return this.open.size;
  }

  /** What clients are told; port 0 before `listen`. */
  get advertised(): Address {
    return this.told;
  }

  /** Binds the port. `advertised` with port 0 stands for the port that was bound. Rejects with `NetworkError`. */
  async listen(address: Address, advertised: Address): Promise<{ bound: Address; advertised: Address }> {
    this.port = await this.options.network.listen(address, (connection) => this.accept(connection));
    const bound = this.port.address;
    this.told = advertised.port === 0 ? { host: advertised.host, port: bound.port } : advertised;
    return { bound, advertised: this.told };
  }

  /** Takes up what clients have asked meanwhile: the dispatcher serves everybody now. */
  serveClients(): void {
    for (const { connection } of [...this.open.values()]) connection.admitted();
  }

  /** Begins to answer, first of all those that came since the port was bound. */
  serve(): void {
    const early = this.early ?? [];
    this.early = undefined;
    for (const connection of early) this.accept(connection);
    this.scheduleSweep();
  }

  /** Stops accepting and taking up requests. What is parked is answered by those who parked it, on being told. */
  async drain(): Promise<void> {
    this.stopping = true;
    this.sweepTimer?.cancel();
    for (const connection of this.early ?? []) connection.destroy();
    await this.port?.close();
    for (const { connection } of [...this.open.values()]) connection.drain();
  }

  /** Resolves when all requests are answered, or after `graceMs`; then every connection is closed. */
  async close(graceMs: number): Promise<void> {
    await this.whenAnswered(graceMs);
    for (const { connection } of [...this.open.values()]) connection.close('shutdown');
  }

  private whenAnswered(graceMs: number): Promise<void> {
    const { clock } = this.options;
    const deadline = clock.monotonic() + graceMs;
    return new Promise((resolve) => {
      const look = (): void => {
        const busy = ({ connection }: Watched): boolean =>
          connection.outstanding > 0 || connection.untakenBytes > 0;
        const waiting = [...this.open.values()].some(busy);
        if (!waiting || clock.monotonic() >= deadline) resolve();
        else clock.setTimer(10, look);
      };
      look();
    });
  }

  private accept(connection: Connection): void {
    if (this.early !== undefined && this.early.length < EARLY_MAX) {
      this.early.push(connection);
      return;
    }
    const refused = this.refusal(connection.remote.host);
    if (refused !== undefined || this.stopping) {
      this.options.metrics.connectionClosed(refused ?? 'shutdown');
      connection.destroy();
      return;
    }
    const client = new ClientConnection(connection, {
      id: this.nextId++,
      advertised: this.told,
      dispatch: this.options.dispatch,
      tick: this.options.tick,
      requestBytesMax: this.options.requestBytesMax,
      onClosed: (closed, reason, detail) => this.closed(closed, reason, detail),
    });
    const now = this.options.clock.monotonic();
    this.open.set(client.id, { connection: client, activity: -1, activeAt: now, takenUp: 0, takenUpAt: now });
    const { host } = connection.remote;
    this.perIp.set(host, (this.perIp.get(host) ?? 0) + 1);
    this.options.metrics.connectionOpened();
    connection.attach(client);
  }

  private refusal(host: string): CloseReason | undefined {
    if (this.open.size >= this.options.connectionsMax) return 'too-many-connections';
    if ((this.perIp.get(host) ?? 0) >= this.options.connectionsPerIpMax) return 'too-many-connections-per-ip';
    return undefined;
  }

  private closed(connection: ClientConnection, reason: CloseReason, detail: string): void {
    this.open.delete(connection.id);
    const { host } = connection.remote;
    const left = (this.perIp.get(host) ?? 1) - 1;
    if (left === 0) this.perIp.delete(host);
    else this.perIp.set(host, left);
    this.options.metrics.connectionClosed(reason);
    if (reason === 'peer' || reason === 'idle' || reason === 'shutdown') return;
    const { remote } = connection;
    this.options.logger.warn(
      { remote: `${remote.host}:${remote.port}`, reason, detail },
      'connection closed',
    );
  }

  private scheduleSweep(): void {
    const period = Math.min(SWEEP_MAX_MS, Math.max(10, this.options.idleMaxMs / 4));
    this.sweepTimer = this.options.clock.setTimer(period, () => {
      this.sweep(this.options.clock.monotonic());
      if (!this.stopping) this.scheduleSweep();
    });
  }

  private sweep(now: number): void {
    for (const watched of [...this.open.values()]) {
      const reason = overdue(watched, now, this.options.idleMaxMs);
      if (reason !== undefined) watched.connection.close(reason);
    }
  }
}

/** Why a connection is to be closed for what it does not do, if so. */
function overdue(watched: Watched, now: number, idleMaxMs: number): CloseReason | undefined {
  const { connection } = watched;
  if (connection.activity !== watched.activity) {
    watched.activity = connection.activity;
    watched.activeAt = now;
  }
  if (connection.takenUp !== watched.takenUp || connection.unreadBytes === 0) {
    watched.takenUp = connection.takenUp;
    watched.takenUpAt = now;
  }
  const silentMs = now - watched.activeAt;
  if (connection.untakenBytes > 0) return silentMs > STALL_MAX_MS ? 'slow-reader' : undefined;
  if (connection.outstanding > 0) return undefined;
  const frameMaxMs = STALL_MAX_MS + (connection.unreadBytes / FRAME_BYTES_PER_S_MIN) * 1000;
  if (now - watched.takenUpAt > frameMaxMs) return 'frame-timeout';
  return silentMs > idleMaxMs ? 'idle' : undefined;
}

/**
 * Which brokers the active controller hears from. Holds, while this broker is the active controller, when each broker
 * was last heard from and over which connection; begins anew at its own election, when nobody has had a chance to be
 * heard. Told of heartbeats by their handler; fences by the decider's command.
 *
 * A broken control connection makes a broker suspect at once: its listener is dialled. Refused: the process is gone,
 * and it is fenced now. Connected: it is dialled again a little later until it is heard from, because a process that dies
 * closes its sockets one by one, and its listener may be the last. No answer: the session decides, as it does for a broker
 * that hangs.
 * A new controller dials everybody, the dead former controller among them. What must hold: a pause of this process is
 * not taken for the silence of the others.
 */
import type { Clock } from '@tidemark/platform';
import type { Logger } from 'pino';
import type { RequestContext } from '../../handlers/handler.js';
import type { Peers } from '../../peers/peers.js';
import type { Deadline, Deadlines } from '../../replicas/deadlines.js';
import type { Controller } from '../controller.js';

export interface BrokerSessionsOptions {
  readonly controller: Pick<Controller, 'image' | 'submit' | 'onActive' | 'active'>;
  readonly peers: Pick<Peers, 'probe'>;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly logger: Logger;
  readonly brokerId: number;
  readonly sessionTimeoutMs: number;
}

/** What is known of a request's connection. */
export type Hearing = Pick<RequestContext, 'connectionId' | 'onClosed' | 'closed'>;

interface Session {
  readonly epoch: number;
  incarnationId: string;
  heardAt: number;
  /** The connection of its last heartbeat while that is open. */
  connectionId: number | undefined;
}

/** Looks for silent brokers this many times in a session. */
const CHECKS_PER_SESSION = 30;
/** A broker whose connection broke is dialled for so long. */
const PROBE_TIMEOUT_MS = 1_000;
/** Between two dials of a broker that is connected to and not heard from. */
const REDIAL_MS = 50;

export class BrokerSessions {
  readonly #options: BrokerSessionsOptions;
  readonly #sessions = new Map<number, Session>();
  readonly #probing = new Set<number>();
  #check: Deadline | undefined;
  #checkedAt = 0;

  constructor(options: BrokerSessionsOptions) {
    this.#options = options;
    options.controller.onActive((active) => (active ? this.#begin() : this.#end()));
  }

  /** A heartbeat, before it is decided on. A broker that is not registered with this epoch has no session. */
  heard(brokerId: number, epoch: number, hearing: Hearing): void {
    const { controller, clock } = this.#options;
    const broker = controller.image.brokers.get(brokerId);
    if (!controller.active || broker?.epoch !== epoch) return;
    const known = this.#sessions.get(brokerId);
    const { connectionId } = hearing;
    this.#sessions.set(brokerId, {
      epoch,
      incarnationId: broker.incarnationId,
      heardAt: clock.monotonic(),
      connectionId,
    });
    if (known?.connectionId === connectionId) return;
    hearing.onClosed(() => this.#disconnected(brokerId, connectionId));
  }

  /** Another incarnation of the broker is alive for all that is known: heard from, its connection open. */
  contests(brokerId: number, incarnationId: string): boolean {
    const session = this.#sessions.get(brokerId);
    return session?.connectionId !== undefined && session.incarnationId !== incarnationId;
  }

  /** Milliseconds since the broker was last heard from; nothing when it was not, or this is not the controller. */
  silence(brokerId: number): number | undefined {
    const session = this.#sessions.get(brokerId);
    return session === undefined ? undefined : this.#options.clock.monotonic() - session.heardAt;
  }

  stop(): void {
    this.#end();
  }

  #begin(): void {
    const { controller, clock, brokerId } = this.#options;
    const now = clock.monotonic();
    this.#end();
    for (const broker of controller.image.brokers.values()) {
      if (broker.fenced) continue;
      const { id, epoch, incarnationId } = broker;
      this.#sessions.set(id, { epoch, incarnationId, heardAt: now, connectionId: undefined });
      if (id !== brokerId) this.#dial(id);
    }
    this.#checkedAt = now;
    this.#scheduleCheck();
  }

  #end(): void {
    if (this.#check !== undefined) this.#options.deadlines.cancel(this.#check);
    this.#check = undefined;
    this.#sessions.clear();
  }

  #disconnected(brokerId: number, connectionId: number): void {
    const session = this.#sessions.get(brokerId);
    if (session?.connectionId !== connectionId) return;
    session.connectionId = undefined;
    this.#dial(brokerId);
  }

  #dial(brokerId: number): void {
    const { peers, controller, logger, brokerId: own } = this.#options;
    const epoch = controller.image.brokers.get(brokerId)?.epoch;
    if (epoch === undefined || brokerId === own || this.#probing.has(brokerId)) return;
    this.#probing.add(brokerId);
    peers.probe(brokerId, PROBE_TIMEOUT_MS, (outcome) => {
      this.#probing.delete(brokerId);
      if (outcome === 'connected') this.#redial(brokerId, epoch);
      if (outcome !== 'refused') return;
      logger.info({ brokerId }, 'nobody listens where the broker was: it is fenced');
      this.#fence(brokerId, epoch);
    });
  }

  /** For as long as its session lasts. */
  #redial(brokerId: number, epoch: number): void {
    this.#options.deadlines.set(REDIAL_MS, () => {
      const session = this.#sessions.get(brokerId);
      if (session?.epoch === epoch && session.connectionId === undefined) this.#dial(brokerId);
    });
  }

  #scheduleCheck(): void {
    const { deadlines, sessionTimeoutMs } = this.#options;
    const period = sessionTimeoutMs / CHECKS_PER_SESSION;
    this.#check = deadlines.set(period, () => {
      this.#expire(period);
      this.#scheduleCheck();
    });
  }

  #expire(periodMs: number): void {
    const { controller, clock, logger, sessionTimeoutMs } = this.#options;
    const now = clock.monotonic();
    const late = now - this.#checkedAt - periodMs;
    this.#checkedAt = now;
    for (const [brokerId, session] of this.#sessions) {
      // What came in while this process stood still has not been handled yet.
      if (late > periodMs) session.heardAt += late;
      if (now - session.heardAt <= sessionTimeoutMs) continue;
      this.#sessions.delete(brokerId);
      if (controller.image.brokers.get(brokerId)?.fenced !== false) continue;
      logger.info({ brokerId, sessionTimeoutMs }, 'the broker is silent: it is fenced');
      this.#fence(brokerId, session.epoch);
    }
  }

  #fence(brokerId: number, brokerEpoch: number): void {
    const { controller } = this.#options;
    const broker = controller.image.brokers.get(brokerId);
    if (!controller.active || broker?.epoch !== brokerEpoch || broker.fenced) return;
    controller.submit({ type: 'FenceBroker', brokerId, brokerEpoch }, (answer) => {
      // Not written, or in doubt: as long as this broker decides, it has to be seen to.
      if ('error' in answer && controller.active) this.#retryFence(brokerId, brokerEpoch);
    });
  }

  #retryFence(brokerId: number, brokerEpoch: number): void {
    const { deadlines, sessionTimeoutMs } = this.#options;
    deadlines.set(sessionTimeoutMs / CHECKS_PER_SESSION, () => this.#fence(brokerId, brokerEpoch));
  }
}

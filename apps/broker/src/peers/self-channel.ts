/**
 * Requests of this broker to itself: handed to its own handler without bytes, as if they had come over a connection.
 * Holds the requests without an answer. Made by `peers.ts`, one per purpose, so that whoever a handler lets know of
 * the connection's end hears of it when the broker stops, and not before.
 *
 * What must hold: the same as of `channel.ts` towards the asker (once, never before `request` has returned); the
 * handler is called in a later turn, and its answer comes in a later one still. Unlike over a connection, requests
 * do not wait for each other.
 */
import type { Address, Clock } from '@tidemark/platform';
import { completed, type Api, type Decoded, type Encodable, type FieldMap } from '@tidemark/wire';
import type { ClosedListener } from '../handlers/handler.js';
import type { Dispatch } from '../network/dispatch.js';
import { RequestInFlight, type RequestOwner } from '../network/request.js';
import type { Deadlines } from '../replicas/deadlines.js';
import type { Done } from './channel.js';
import { PeerFailure } from './peer-failure.js';

export interface SelfChannelOptions {
  /** Below zero: no client's connection has such an id. */
  readonly id: number;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly clientId: string;
  readonly dispatch: () => Dispatch;
  readonly advertised: () => Address;
}

export class SelfChannel {
  private readonly calls = new Set<SelfCall>();
  private readonly listeners = new Set<ClosedListener>();
  private failure: PeerFailure | undefined;

  constructor(readonly options: SelfChannelOptions) {}

  get isClosed(): boolean {
    return this.failure !== undefined;
  }

  request<Q extends FieldMap, P extends FieldMap>(
    api: Api<Q, P>,
    version: number,
    request: Encodable<Q>,
    timeoutMs: number,
    done: Done<Decoded<P>>,
  ): void {
    const { clock, deadlines } = this.options;
    const handler = this.options.dispatch().handlerOf(api.key);
    if (this.failure !== undefined || handler === undefined || !api.request.speaks(version)) {
      const failure =
        this.failure ?? new PeerFailure('protocol', `${api.name} ${version} is not served here`);
      clock.defer(() => done(failure));
      return;
    }
    const call = new SelfCall(this, (outcome) => {
      deadlines.cancel(deadline);
      this.calls.delete(call);
      if (outcome instanceof PeerFailure) done(outcome);
      else done(completed(api.response, version, outcome as Encodable<P>));
    });
    const deadline = deadlines.set(timeoutMs, () =>
      call.settle(new PeerFailure('timeout', `no answer to ${api.name} within ${timeoutMs} ms`)),
    );
    this.calls.add(call);
    const inFlight = new RequestInFlight(call, handler, version, 0, this.options.clientId);
    inFlight.request = completed(api.request, version, request);
    call.start(inFlight);
  }

  onClosed(listener: ClosedListener): void {
    if (this.isClosed) listener(false);
    else this.listeners.add(listener);
  }

  close(detail: string): void {
    if (this.failure !== undefined) return;
    this.failure = new PeerFailure('closed', detail);
    for (const call of [...this.calls]) call.settle(this.failure);
    for (const listener of this.listeners) listener(false);
    this.listeners.clear();
  }
}

/** One request to oneself, as its handler sees the connection that it came over. */
class SelfCall implements RequestOwner {
  readonly draining = false;
  private inFlight: RequestInFlight | undefined;
  private settled = false;

  constructor(
    private readonly channel: SelfChannel,
    private readonly onSettled: (outcome: unknown) => void,
  ) {}

  get id(): number {
    return this.channel.options.id;
  }

  get remote(): Address {
    return this.channel.options.advertised();
  }

  get advertised(): Address {
    return this.channel.options.advertised();
  }

  /** Also when nobody waits for the answer any more. */
  get gone(): boolean {
    return this.settled;
  }

  start(inFlight: RequestInFlight): void {
    this.inFlight = inFlight;
    const { clock, dispatch } = this.channel.options;
    clock.defer(() => {
      if (!this.settled) dispatch().handle(inFlight, this);
    });
  }

  answered(): void {
    const { inFlight } = this;
    if (inFlight === undefined) return;
    const { clock, dispatch } = this.channel.options;
    dispatch().ended(inFlight);
    const none = new PeerFailure('closed', `${inFlight.api.name} was not answered`);
    clock.defer(() => this.settle(inFlight.response ?? none));
  }

  onClosed(listener: ClosedListener): void {
    this.channel.onClosed(listener);
  }

  close(reason: string, detail = ''): void {
    this.channel.options.clock.defer(() => this.settle(new PeerFailure('closed', `${reason} ${detail}`)));
  }

  settle(outcome: unknown): void {
    if (this.settled) return;
    this.settled = true;
    this.onSettled(outcome);
  }
}

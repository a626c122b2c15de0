/**
 * One request between its arrival and its answer: also the `RequestContext` that its handler sees. Made by the
 * dispatcher, queued by the connection, which sends answers in the order of requests whatever the order they come in.
 */
import { assert, type Address } from '@tidemark/platform';
import type { Api, FieldMap } from '@tidemark/wire';
import type { ClosedListener, Handler, RequestContext } from '../handlers/handler.js';
import type { CloseReason } from './close-reason.js';

/** What a request needs of its connection. */
export interface RequestOwner {
  readonly id: number;
  readonly remote: Address;
  readonly advertised: Address;
  readonly gone: boolean;
  readonly draining: boolean;
  /** The request has its answer; called once per request. */
  answered(): void;
  onClosed(listener: ClosedListener): void;
  close(reason: CloseReason, detail?: string): void;
}

export class RequestInFlight implements RequestContext {
  answered = false;
  /** Undefined when the answer is known without it (ApiVersions of a version from the future). */
  request: unknown = undefined;
  /** What to encode; undefined while there is none, or none is to be sent. */
  response: unknown = undefined;
  /** When it was taken up, monotonic milliseconds. */
  startedAt = 0;
  private overtakenListener: (() => void) | undefined;
  private sentListener: (() => void) | undefined;

  constructor(
    private readonly owner: RequestOwner,
    readonly handler: Handler,
    readonly apiVersion: number,
    readonly correlationId: number,
    readonly clientId: string,
  ) {}

  get api(): Api<FieldMap, FieldMap> {
    return this.handler.api;
  }

  get connectionId(): number {
    return this.owner.id;
  }

  get remote(): Address {
    return this.owner.remote;
  }

  get advertised(): Address {
    return this.owner.advertised;
  }

  get closed(): boolean {
    return this.owner.gone;
  }

  get stopping(): boolean {
    return this.owner.draining;
  }

  onClosed(listener: ClosedListener): void {
    this.owner.onClosed(listener);
  }

  onOvertaken(listener: () => void): void {
    this.overtakenListener = listener;
  }

  onSent(listener: () => void): void {
    this.sentListener = listener;
  }

  /** What the answer refers to stays as it is until `sent`. */
  get isLent(): boolean {
    return this.sentListener !== undefined;
  }

  /** The answer has left, or never will. */
  sent(): void {
    const listener = this.sentListener;
    this.sentListener = undefined;
    listener?.();
  }

  /** Another request waits behind this one. */
  overtaken(): void {
    this.overtakenListener?.();
  }

  close(reason: CloseReason): void {
    this.owner.close(reason, this.api.name);
  }

  respond(response: unknown): void {
    assert(!this.answered, `${this.api.name} was answered twice`);
    this.answered = true;
    this.response = response;
    this.owner.answered();
    if (this.owner.gone) this.sent();
  }
}

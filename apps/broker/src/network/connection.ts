/**
 * One client's connection. Holds what was received and not yet understood, the requests that are not yet answered, and
 * the answers that are not yet sent. Called by the socket (bytes in), by handlers (answers), by the tick (send).
 *
 * What must hold: requests are taken up in order and one at a time (pipelined APIs excepted, whose requests may follow
 * each other before the first is answered), answers leave in the order of requests; whoever does not read its answers,
 * or sends more than is being worked off, is not read from any more; a fault closes this connection and no other.
 */
import type { Address, Connection, ConnectionOwner } from '@tidemark/platform';
import { ByteReader } from '@tidemark/wire';
import type { ClosedListener } from '../handlers/handler.js';
import type { Tick, TickTask } from '../tick.js';
import type { CloseReason } from './close-reason.js';
import type { Dispatch } from './dispatch.js';
import { Outbox } from './outbox.js';
import { ReceiveBuffer } from './receive-buffer.js';
import { RequestInFlight, type RequestOwner } from './request.js';

/** Requests of a pipelined API that one connection may have outstanding. */
const IN_FLIGHT_MAX = 1024;
/** Answers encoded before the next request waits for the socket: many small ones, or one large one. */
const UNSENT_BYTES_MAX = 128 * 1024;
/** Bytes kept of a client that sends faster than it is served, before it is not read from any more. */
const UNREAD_BYTES_MAX = 64 * 1024;
/** Array elements of one request; ten topics of 10,000 partitions each, and nothing a broker could choke on. */
const REQUEST_ELEMENTS_MAX = 100_000;

export interface ClientConnectionOptions {
  readonly id: number;
  readonly advertised: Address;
  readonly dispatch: Dispatch;
  readonly tick: Tick;
  readonly requestBytesMax: number;
  /** Called once, when it is closed by whichever side. */
  readonly onClosed: (connection: ClientConnection, reason: CloseReason, detail: string) => void;
}

export class ClientConnection implements ConnectionOwner, RequestOwner, TickTask {
  scheduled = false;
  gone = false;
  /** Takes up nothing more; closes when what was taken up is answered. */
  draining = false;
  readonly id: number;
  readonly remote: Address;
  readonly advertised: Address;
  /** Rises with every read and every answer: the listener's sweep sees by it whether anything happened. */
  activity = 0;
  /** Requests taken up so far. */
  takenUp = 0;
  private readonly input = new ReceiveBuffer();
  private readonly reader = new ByteReader(new Uint8Array(0));
  private readonly outbox: Outbox;
  /** Requests from `first` on are not yet answered, or wait for one before them. */
  private readonly requests: RequestInFlight[] = [];
  private first = 0;
  private pumping = false;
  private paused = false;
  private congested = false;
  private closedListeners: Set<ClosedListener> | undefined;
  private closedByPeer = false;

  constructor(
    private readonly connection: Connection,
    private readonly options: ClientConnectionOptions,
  ) {
    this.id = options.id;
    this.remote = connection.remote;
    this.advertised = options.advertised;
    this.outbox = new Outbox(connection);
    this.reader.elementsMax = REQUEST_ELEMENTS_MAX;
  }

  /** Requests that have not been answered. */
  get outstanding(): number {
    return this.requests.length - this.first;
  }

  /** Received bytes that are no whole frame yet, or wait for their turn. */
  get unreadBytes(): number {
    return this.input.buffered;
  }

  /** Bytes of answers that the peer has not taken. */
  get untakenBytes(): number {
    return this.outbox.unsentBytes + this.connection.pendingBytes;
  }

  receiveSpace(): Uint8Array {
    return this.input.space();
  }

  received(count: number): void {
    this.activity += 1;
    this.input.filled(count);
    if (this.draining) this.input.clear();
    else this.pump();
  }

  drained(): void {
    this.activity += 1;
    this.outbox.reclaim();
    this.congested = false;
    this.pump();
  }

  closed(byPeer: boolean): void {
    this.closedByPeer = byPeer && !this.draining;
    this.finish('peer', '');
  }

  onClosed(listener: ClosedListener): void {
    if (this.gone) listener(this.closedByPeer);
    else (this.closedListeners ??= new Set()).add(listener);
  }

  /** Encodes the answers whose turn it is; they leave at the end of this turn of the event loop. */
  answered(): void {
    if (this.gone) return;
    for (; this.first < this.requests.length; this.first++) {
      const request = this.requests[this.first];
      if (request?.answered !== true) break;
      if (!this.options.dispatch.encode(request, this.outbox.writer, this)) return;
      if (this.outbox.writer.holdsReferences) this.outbox.onTaken(() => request.sent());
      else request.sent();
    }
    if (this.outstanding === 0) this.requests.length = this.first = 0;
    else if (this.first >= IN_FLIGHT_MAX) this.forgetAnswered();
    this.options.tick.scheduleSend(this);
  }

  /** End of a turn: one write to the socket, then whatever had to wait for it. */
  runTick(): void {
    if (this.gone) return;
    this.activity += 1;
    this.congested = !this.outbox.send();
    if (this.draining) this.endWhenAnswered();
    else this.pump();
  }

  /** Closes at once; nothing more is sent. */
  close(reason: CloseReason, detail = ''): void {
    if (this.gone) return;
    this.finish(reason, detail);
    this.connection.destroy();
  }

  /** The broker serves everybody now: takes up what had to wait for that. */
  admitted(): void {
    this.pump();
  }

  /** Takes up no further request, and closes when those taken up are answered. */
  drain(): void {
    this.draining = true;
    this.input.clear();
    this.endWhenAnswered();
  }

  private forgetAnswered(): void {
    this.requests.splice(0, this.first);
    this.first = 0;
  }

  private endWhenAnswered(): void {
    if (this.outstanding > 0 || this.outbox.unsentBytes > 0) return;
    this.connection.end();
  }

  private pump(): void {
    if (this.pumping || this.gone || this.draining) return;
    this.pumping = true;
    let waiting = false;
    for (;;) {
      const size = this.input.frameSize();
      if (size === undefined || !this.acceptable(size) || this.input.buffered < 4 + size) break;
      if (!this.mayTakeUp()) {
        waiting = true;
        this.requests[this.first]?.overtaken();
        break;
      }
      if (!this.takeUp(size)) break;
    }
    this.pumping = false;
    this.steer(waiting && this.input.buffered > UNREAD_BYTES_MAX);
  }

  /** A size that can be meant; others close the connection before a byte is reserved for them. */
  private acceptable(size: number): boolean {
    if (size > 0 && size <= this.options.requestBytesMax) return true;
    this.close(size <= 0 ? 'frame-size-negative' : 'frame-too-large', `frame of ${size} bytes`);
    return false;
  }

  private mayTakeUp(): boolean {
    if (this.congested || this.outbox.unsentBytes > UNSENT_BYTES_MAX) return false;
    const { dispatch } = this.options;
    if (!dispatch.serving && !dispatch.admits(this.input.frameKey())) return false;
    const earlier = this.requests[this.first];
    if (earlier === undefined) return true;
    if (earlier.handler.pipelined !== true || this.outstanding >= IN_FLIGHT_MAX) return false;
    return this.input.frameKey() === earlier.api.key;
  }

  private takeUp(size: number): boolean {
    const start = this.input.frameStart;
    this.reader.reset(this.input.content, start, start + size);
    const accepted = this.options.dispatch.accept(this.reader, this);
    if (!(accepted instanceof RequestInFlight)) {
      this.close(accepted.reason, accepted.detail);
      return false;
    }
    this.input.consume(size);
    this.takenUp += 1;
    this.requests.push(accepted);
    this.options.dispatch.handle(accepted, this);
    return !this.gone;
  }

  private steer(pause: boolean): void {
    if (this.gone || pause === this.paused) return;
    this.paused = pause;
    if (pause) this.connection.pause();
    else this.connection.resume();
  }

  private finish(reason: CloseReason, detail: string): void {
    if (this.gone) return;
    this.gone = true;
    for (const request of this.requests) if (request.answered) request.sent();
    this.requests.length = this.first = 0;
    this.outbox.giveBack();
    this.options.onClosed(this, reason, detail);
    const listeners = this.closedListeners;
    this.closedListeners = undefined;
    for (const listener of listeners ?? []) listener(this.closedByPeer);
  }
}

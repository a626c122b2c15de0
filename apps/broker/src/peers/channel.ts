/**
 * One connection to another broker, over which requests are sent in order and answered in order. Holds the requests
 * that have no answer yet, what was received and not understood, and what is not sent. Made and forgotten by
 * `peers.ts`; dials once, at the start, and never again.
 *
 * What must hold: every request's `done` is called exactly once, never before `request` has returned; an answer is
 * given to the request whose correlation id it carries, or to nobody. A request that runs out of time fails alone
 * while an earlier one is still waited for; when the oldest runs out of time, nothing behind it can be answered
 * sooner, and the connection is closed. While its answer is coming in, however slowly, the oldest has more time.
 */
import {
  NetworkError,
  type Address,
  type Clock,
  type Connection,
  type ConnectionOwner,
  type Network,
} from '@tidemark/platform';
import {
  ByteReader,
  WireError,
  readAnswer,
  writeRequestFrame,
  type Api,
  type ByteWriter,
  type Decoded,
  type Encodable,
  type FieldMap,
} from '@tidemark/wire';
import { Outbox } from '../network/outbox.js';
import { ReceiveBuffer } from '../network/receive-buffer.js';
import type { Deadline, Deadlines } from '../replicas/deadlines.js';
import type { Tick, TickTask } from '../tick.js';
import { PeerFailure } from './peer-failure.js';

/** Called with the answer, whose `records` are views that die when the call returns, or with why there is none. */
export type Done<Answer> = (answer: Answer | PeerFailure) => void;

export interface ChannelOptions {
  readonly network: Network;
  readonly clock: Clock;
  readonly tick: Tick;
  readonly deadlines: Deadlines;
  readonly clientId: string;
  readonly dialTimeoutMs: number;
  readonly answerBytesMax: number;
  /** Called once, before the requests without an answer are told. */
  readonly onClosed: (channel: Channel, failure: PeerFailure) => void;
}

/** Requests without an answer; far more than anybody has use for. */
const OUTSTANDING_MAX = 4096;
/** Array elements of one answer: a follower's fetch of every partition of a large broker. */
const ANSWER_ELEMENTS_MAX = 1_000_000;

interface Outstanding {
  readonly correlationId: number;
  /** Undefined once `done` was called. */
  deadline: Deadline | undefined;
  write(writer: ByteWriter): void;
  /** Throws `WireError`. Answers what is to be called. */
  read(reader: ByteReader): { readonly correlationId: number; readonly deliver: () => void };
  fail(failure: PeerFailure): void;
}

export class Channel implements ConnectionOwner, TickTask {
  scheduled = false;
  private readonly input = new ReceiveBuffer();
  private readonly reader = new ByteReader(new Uint8Array(0));
  /** In the order in which they were asked. */
  private outstanding: Outstanding[] = [];
  private connection: Connection | undefined;
  private outbox: Outbox | undefined;
  private failure: PeerFailure | undefined;
  private nextCorrelationId = 1;
  /** Bytes came since a request's time was last set. */
  private heard = false;

  constructor(
    readonly address: Address,
    private readonly options: ChannelOptions,
  ) {
    this.reader.elementsMax = ANSWER_ELEMENTS_MAX;
    options.network.connect(address, options.dialTimeoutMs).then(
      (connection) => this.opened(connection),
      (error: unknown) => this.dialFailed(error),
    );
  }

  get isClosed(): boolean {
    return this.failure !== undefined;
  }

  /** Requests that wait for their answer. */
  get waiting(): number {
    return this.outstanding.reduce((sum, { deadline }) => sum + (deadline === undefined ? 0 : 1), 0);
  }

  request<Q extends FieldMap, P extends FieldMap>(
    api: Api<Q, P>,
    version: number,
    request: Encodable<Q>,
    timeoutMs: number,
    done: Done<Decoded<P>>,
  ): void {
    const refusal = this.failure ?? this.full();
    if (refusal !== undefined) {
      this.options.clock.defer(() => done(refusal));
      return;
    }
    const correlationId = this.nextCorrelationId;
    this.nextCorrelationId = (correlationId + 1) & 0x7fffffff;
    const header = { apiVersion: version, correlationId, clientId: this.options.clientId };
    const entry: Outstanding = {
      correlationId,
      deadline: undefined,
      write: (writer) => writeRequestFrame(writer, api, header, request),
      read: (reader) => {
        const received = readAnswer(reader, api, version);
        return { correlationId: received.correlationId, deliver: () => done(received.answer) };
      },
      fail: done,
    };
    if (this.outbox !== undefined) this.send(entry, this.outbox);
    this.setTime(entry, api.name, timeoutMs);
    this.outstanding.push(entry);
  }

  /** Closes at once; requests without an answer fail. */
  close(detail: string): void {
    this.end(new PeerFailure('closed', detail));
  }

  receiveSpace(): Uint8Array {
    return this.input.space();
  }

  received(count: number): void {
    this.input.filled(count);
    this.heard = true;
    while (this.failure === undefined) {
      const size = this.input.frameSize();
      if (size === undefined) return;
      if (size <= 0 || size > this.options.answerBytesMax) {
        this.end(new PeerFailure('protocol', `an answer of ${size} bytes`));
        return;
      }
      if (this.input.buffered < 4 + size) return;
      this.takeAnswer(size);
    }
  }

  drained(): void {
    this.outbox?.reclaim();
  }

  closed(byPeer: boolean, error?: NetworkError): void {
    const detail = error?.message ?? 'the connection was closed';
    this.end(new PeerFailure('closed', detail, byPeer));
  }

  /** End of a turn: what was asked in it leaves in one piece. */
  runTick(): void {
    if (this.failure === undefined) this.outbox?.send();
  }

  private opened(connection: Connection): void {
    if (this.failure !== undefined) {
      connection.destroy();
      return;
    }
    this.connection = connection;
    connection.attach(this);
    this.outbox = new Outbox(connection);
    for (const entry of this.outstanding) if (entry.deadline !== undefined) this.send(entry, this.outbox);
    // Those that ran out of time while we dialled were never asked.
    this.outstanding = this.outstanding.filter(({ deadline }) => deadline !== undefined);
  }

  private dialFailed(error: unknown): void {
    if (!(error instanceof NetworkError)) throw error;
    const kind = error.code === 'refused' || error.code === 'timeout' ? error.code : 'unreachable';
    this.end(new PeerFailure(kind, error.message));
  }

  private send(entry: Outstanding, outbox: Outbox): void {
    entry.write(outbox.writer);
    this.options.tick.scheduleSend(this);
  }

  private takeAnswer(size: number): void {
    const [entry] = this.outstanding;
    const deliver = this.read(entry, size);
    if (entry === undefined || deliver === undefined) return;
    this.outstanding.shift();
    this.input.consume(size);
    if (this.settle(entry)) deliver();
  }

  private read(entry: Outstanding | undefined, size: number): (() => void) | undefined {
    const start = this.input.frameStart;
    this.reader.reset(this.input.content, start, start + size);
    try {
      if (entry === undefined) throw new WireError('an answer that nobody asked for');
      const { correlationId, deliver } = entry.read(this.reader);
      if (correlationId === entry.correlationId) return deliver;
      throw new WireError(`answer ${correlationId} to request ${entry.correlationId}`);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.end(new PeerFailure('protocol', error.message));
      return undefined;
    }
  }

  private setTime(entry: Outstanding, name: string, timeoutMs: number): void {
    entry.deadline = this.options.deadlines.set(timeoutMs, () => this.expire(entry, name, timeoutMs));
  }

  private expire(entry: Outstanding, name: string, timeoutMs: number): void {
    if (this.heard && this.input.buffered > 0 && this.outstanding[0] === entry) {
      this.heard = false;
      this.setTime(entry, name, timeoutMs);
      return;
    }
    const failure = new PeerFailure('timeout', `no answer to ${name} within ${timeoutMs} ms`);
    const oldest = this.outstanding.find(({ deadline }) => deadline !== undefined) === entry;
    entry.deadline = undefined;
    if (oldest) this.end(new PeerFailure('closed', `given up: ${failure.detail}`));
    entry.fail(failure);
  }

  /** True for whoever may call `done`, which is the first. */
  private settle(entry: Outstanding): boolean {
    if (entry.deadline === undefined) return false;
    this.options.deadlines.cancel(entry.deadline);
    entry.deadline = undefined;
    return true;
  }

  private full(): PeerFailure | undefined {
    if (this.outstanding.length < OUTSTANDING_MAX) return undefined;
    return new PeerFailure('timeout', `${OUTSTANDING_MAX} requests wait for answers already`);
  }

  private end(failure: PeerFailure): void {
    if (this.failure !== undefined) return;
    this.failure = failure;
    this.connection?.destroy();
    this.input.clear();
    this.options.onClosed(this, failure);
    const { outstanding } = this;
    this.outstanding = [];
    for (const entry of outstanding) if (this.settle(entry)) entry.fail(failure);
  }
}

/**
 * A simulated client's connection to one broker: frames out, answers back, matched by correlation id, each with a time
 * limit. Holds what is asked and not yet answered. When the connection is lost or an answer is late, everything that
 * waits is told so, and the connection is of no further use.
 */
import type { Address, Clock, Connection, ConnectionOwner, Network, Timer } from '@tidemark/platform';
import {
  ByteReader,
  ByteWriter,
  decodeResponse,
  encodeRequest,
  readResponseHeader,
  writeFrame,
  writeRequestHeader,
  type Api,
  type Decoded,
  type Encodable,
  type FieldMap,
} from '@tidemark/wire';

interface Asked {
  readonly answered: (frame: Uint8Array) => void;
  readonly lost: () => void;
  readonly timer: Timer;
}

const CONNECT_TIMEOUT_MS = 1_000;
const RECEIVE_BYTES = 1024;

export class BrokerConnection implements ConnectionOwner {
  open = true;
  private connection: Connection | undefined;
  private readonly asked = new Map<number, Asked>();
  private nextCorrelationId = 1;
  private buffer = new Uint8Array(RECEIVE_BYTES);
  private filled = 0;
  private readonly writer = new ByteWriter();
  private early: Uint8Array[] | undefined = [];

  constructor(
    network: Network,
    private readonly clock: Clock,
    address: Address,
    private readonly clientId: string,
  ) {
    network.connect(address, CONNECT_TIMEOUT_MS).then(
      (connection) => this.connected(connection),
      () => this.fail(),
    );
  }

  /** `done` gets the answer, or nothing when there will be none. Record bytes in it hold until `done` returns. */
  ask<Q extends FieldMap, P extends FieldMap>(
    api: Api<Q, P>,
    version: number,
    request: Encodable<Q>,
    timeoutMs: number,
    done: (answer: Decoded<P> | undefined) => void,
  ): void {
    if (!this.open) {
      this.clock.setTimer(1, () => done(undefined));
      return;
    }
    const correlationId = this.nextCorrelationId++;
    this.asked.set(correlationId, {
      answered: (frame) => {
        const reader = new ByteReader(frame);
        readResponseHeader(reader, api, version);
        done(decodeResponse(api, version, reader));
      },
      lost: () => done(undefined),
      timer: this.clock.setTimer(timeoutMs, () => this.close()),
    });
    this.writer.reset();
    writeFrame(this.writer, () => {
      writeRequestHeader(this.writer, api, { apiVersion: version, correlationId, clientId: this.clientId });
      encodeRequest(api, version, this.writer, request);
    });
    const frame = this.writer.written();
    if (this.early === undefined) this.connection?.write(frame);
    else this.early.push(new Uint8Array(frame));
  }

  close(): void {
    this.connection?.destroy();
    this.fail();
  }

  receiveSpace(): Uint8Array {
    if (this.filled === this.buffer.length) {
      const larger = new Uint8Array(this.buffer.length * 2);
      larger.set(this.buffer);
      this.buffer = larger;
    }
    return this.buffer.subarray(this.filled);
  }

  received(count: number): void {
    this.filled += count;
    let at = 0;
    while (at + 4 <= this.filled && this.open) {
      const size = new DataView(this.buffer.buffer, this.buffer.byteOffset + at).getInt32(0);
      if (at + 4 + size > this.filled) break;
      this.answer(this.buffer.subarray(at + 4, at + 4 + size));
      at += 4 + size;
    }
    this.buffer.copyWithin(0, at, this.filled);
    this.filled -= at;
  }

  drained(): void {
    // What is asked is bounded by who asks; nothing waits here.
  }

  closed(): void {
    this.fail();
  }

  private connected(connection: Connection): void {
    if (!this.open) {
      connection.destroy();
      return;
    }
    this.connection = connection;
    connection.attach(this);
    const early = this.early ?? [];
    this.early = undefined;
    for (const frame of early) connection.write(frame);
  }

  private answer(frame: Uint8Array): void {
    const correlationId = new DataView(frame.buffer, frame.byteOffset).getInt32(0);
    const asked = this.asked.get(correlationId);
    if (asked === undefined) return;
    this.asked.delete(correlationId);
    asked.timer.cancel();
    asked.answered(frame);
  }

  private fail(): void {
    if (!this.open) return;
    this.open = false;
    const waiting = [...this.asked.values()];
    this.asked.clear();
    for (const { timer, lost } of waiting) {
      timer.cancel();
      lost();
    }
  }
}

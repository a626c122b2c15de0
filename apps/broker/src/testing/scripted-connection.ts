/**
 * A connection without a network: a spec plays the peer. `deliver` hands bytes over as a socket would, in pieces of the
 * lent space; what the owner writes is kept, and `pendingBytes` is whatever the spec says that the peer has not read.
 */
import type { Address, Connection, ConnectionOwner } from '@tidemark/platform';

export class ScriptedConnection implements Connection {
  readonly remote: Address = { host: '127.0.0.1', port: 50_000 };
  readonly local: Address = { host: '127.0.0.1', port: 9092 };
  /** Each write, copied when it was made. */
  readonly writes: Buffer[] = [];
  paused = false;
  ended = false;
  destroyed = false;
  /** When set, writes are not taken until `read` is called. */
  peerReads = true;
  pendingBytes = 0;
  private owner: ConnectionOwner | undefined;
  private space: Uint8Array = new Uint8Array(0);

  attach(owner: ConnectionOwner): void {
    this.owner = owner;
    this.space = owner.receiveSpace();
  }

  /** Delivers as much as the owner takes; answers how many bytes that was. */
  deliver(bytes: Uint8Array, pieceBytes = Number.POSITIVE_INFINITY): number {
    let at = 0;
    while (at < bytes.length && !this.paused && !this.destroyed) {
      const count = Math.min(this.space.length, bytes.length - at, pieceBytes);
      this.space.set(bytes.subarray(at, at + count));
      at += count;
      this.owner?.received(count);
      // As the real socket does: the next space is asked for right after each read.
      this.lend();
    }
    return at;
  }

  private lend(): void {
    if (!this.destroyed && this.owner !== undefined) this.space = this.owner.receiveSpace();
  }

  write(bytes: Uint8Array): boolean {
    this.writes.push(Buffer.from(bytes));
    if (!this.peerReads) this.pendingBytes += bytes.length;
    return this.peerReads;
  }

  writeAll(pieces: readonly Uint8Array[]): boolean {
    return this.write(Buffer.concat(pieces));
  }

  /** The peer reads everything. */
  read(): void {
    this.peerReads = true;
    this.pendingBytes = 0;
    this.owner?.drained();
  }

  /** The peer hangs up. */
  peerCloses(): void {
    this.owner?.closed(true);
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  end(): void {
    this.ended = true;
  }

  destroy(): void {
    this.destroyed = true;
  }

  /** All bytes written so far. */
  written(): Buffer {
    return Buffer.concat(this.writes);
  }
}

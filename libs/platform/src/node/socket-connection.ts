/**
 * A TCP connection of this machine as the platform's `Connection`. Holds the socket and its owner; reading begins
 * when an owner is attached, so that no byte arrives before there is a place for it.
 */
import type net from 'node:net';
import { assert } from '../assert.js';
import { NetworkError, type Address, type Connection, type ConnectionOwner } from '../network.js';
import { toNetworkError } from './network-errors.js';
import { readInPlace, type Receiver } from './receive-in-place.js';

export class SocketConnection implements Connection, Receiver {
  readonly remote: Address;
  readonly local: Address;
  private socket: net.Socket;
  private owner: ConnectionOwner | undefined;
  private closedByUs = false;
  private paused = false;
  private error: NetworkError | undefined;
  /** Where a read goes that nobody will look at, after the connection was destroyed in `received`. */
  private static readonly nowhere = new Uint8Array(1);

  /** `paused` has neither been read from nor written to. */
  constructor(paused: net.Socket) {
    this.socket = paused;
    this.remote = { host: paused.remoteAddress ?? '', port: paused.remotePort ?? 0 };
    this.local = { host: paused.localAddress ?? '', port: paused.localPort ?? 0 };
  }

  attach(owner: ConnectionOwner): void {
    assert(this.owner === undefined, 'a connection has one owner');
    this.owner = owner;
    const inPlace = readInPlace(this.socket, this);
    if (inPlace === undefined) this.readByEvents();
    else this.socket = inPlace;
    this.socket.setNoDelay(true);
    this.socket.on('error', (cause) => {
      this.error = toNetworkError(cause);
    });
    this.socket.on('drain', () => owner.drained());
    this.socket.on('close', () => owner.closed(!this.closedByUs, this.error));
    if (inPlace === undefined) this.socket.resume();
  }

  space(): Uint8Array {
    if (this.socket.destroyed || this.owner === undefined) return SocketConnection.nowhere;
    const space = this.owner.receiveSpace();
    assert(space.length > 0, 'the owner of a connection lent no space');
    return space;
  }

  received(count: number): void {
    if (!this.socket.destroyed) this.owner?.received(count);
  }

  write(bytes: Uint8Array): boolean {
    assert(this.owner !== undefined, 'a connection is written to before it has an owner');
    if (this.socket.destroyed || this.closedByUs) return true;
    return this.socket.write(bytes);
  }

  writeAll(pieces: readonly Uint8Array[]): boolean {
    this.socket.cork();
    let more = true;
    for (const piece of pieces) more = this.write(piece);
    this.socket.uncork();
    return more || this.socket.writableLength === 0;
  }

  get pendingBytes(): number {
    return this.socket.writableLength;
  }

  pause(): void {
    if (this.paused) return;
    this.paused = true;
    this.socket.pause();
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.socket.resume();
  }

  end(): void {
    if (this.closedByUs) return;
    this.closedByUs = true;
    this.socket.end();
    // What the peer still sends is of no use, but must be read for its end to be seen.
    this.resume();
  }

  destroy(): void {
    if (!this.socket.destroyed) this.closedByUs = true;
    this.socket.destroy();
  }

  /** The fall-back: the system's buffer is copied to where the owner wants it, in as many steps as it lends. */
  private readByEvents(): void {
    this.socket.on('data', (bytes: Buffer) => {
      let taken = 0;
      while (taken < bytes.length && !this.socket.destroyed) {
        const space = this.space();
        const count = Math.min(space.length, bytes.length - taken);
        space.set(bytes.subarray(taken, taken + count));
        taken += count;
        this.received(count);
      }
    });
  }
}

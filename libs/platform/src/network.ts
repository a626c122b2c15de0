/**
 * The fourth door: byte streams between processes. A `Connection` hands received bytes to its owner where they
 * landed: the owner lends a buffer, the connection fills its free tail, and nobody copies (docs/adr on receiving
 * in place). Implementations: `node/node-network.ts`, and a simulated one for tests.
 */

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** What a connection's owner must answer to; called from the event loop, never re-entrantly. */
export interface ConnectionOwner {
  /**
   * Lends the free space that the next bytes are to be written to; must not be empty. It is asked for right
   * after `attach` and right after each `received`, also when that call paused the connection, and what it lends
   * may be written to at any time until the next `received`. So the owner moves, grows or changes its buffer
   * here, and nowhere else.
   */
  receiveSpace(): Uint8Array;
  /** `count` bytes have been put at the start of the space that was lent last. */
  received(count: number): void;
  /** Everything written so far has been handed to the system; called after `write` answered false. */
  drained(): void;
  /** The last call an owner gets. `byPeer` is false when this process closed or destroyed the connection. */
  closed(byPeer: boolean, error?: NetworkError): void;
}

export interface Connection {
  readonly remote: Address;
  readonly local: Address;
  attach(owner: ConnectionOwner): void;
  /** Queues bytes, which must not change until they are gone. False: stop producing until `drained`. */
  write(bytes: Uint8Array): boolean;
  /** The same for several pieces, which leave together. */
  writeAll(pieces: readonly Uint8Array[]): boolean;
  /** Bytes queued and not yet taken by the system. */
  readonly pendingBytes: number;
  /** Stops and restarts reading (back-pressure towards the peer). */
  pause(): void;
  resume(): void;
  /** Sends what is queued, then closes. */
  end(): void;
  /** Closes at once; what is queued is lost. */
  destroy(): void;
}

export interface Listener {
  readonly address: Address;
  /** Stops accepting; open connections stay. */
  close(): Promise<void>;
}

export type NetworkErrorCode = 'refused' | 'address-in-use' | 'reset' | 'timeout' | 'unreachable' | 'io';

export class NetworkError extends Error {
  override readonly name = 'NetworkError';
  constructor(
    readonly code: NetworkErrorCode,
    detail: string,
    options?: ErrorOptions,
  ) {
    super(detail, options);
  }
}

export interface Network {
  /** Port 0 takes a free one; the listener's `address` tells which. Rejects with `NetworkError`. */
  listen(address: Address, accept: (connection: Connection) => void): Promise<Listener>;
  /** Rejects with `NetworkError('refused' | 'timeout' | 'unreachable')`. */
  connect(address: Address, timeoutMs: number): Promise<Connection>;
}

/**
 * One end of a simulated TCP connection. Holds what is on its way to its owner, in order: bytes, the peer's end, or a
 * reset. The owner's callbacks come from events of the owner's process, never from inside a call.
 *
 * What must hold: bytes are copied when written, arrive in order and only while the link is open, and not at all after
 * a reset; the owner hears `closed` once and nothing after it.
 */
import {
  NetworkError,
  assert,
  type Address,
  type Connection,
  type ConnectionOwner,
} from '@tidemark/platform';
import type { Incarnation } from './incarnation.js';
import type { Link } from './link.js';
import type { NetworkHub } from './network-hub.js';

interface Packet {
  at: number;
  /** Nothing: the peer has ended its side. */
  readonly bytes: Uint8Array | undefined;
}

const NO_BYTES = new Uint8Array(0);

export class SimulatedConnection implements Connection {
  /** What the peer's bytes come over. */
  private readonly link: Link;
  private owner: ConnectionOwner | undefined;
  private peer: SimulatedConnection | undefined;
  private readonly incoming: Packet[] = [];
  /** Bytes of `incoming`, which the peer counts as pending. */
  private incomingBytes = 0;
  private paused = false;
  private told = false;
  private closing = false;
  private congested = false;
  private arriving = false;
  /** Delivery has been asked for already at this time or earlier. */
  private nextArrivalAt = Infinity;

  constructor(
    private readonly hub: NetworkHub,
    private readonly process: Incarnation,
    readonly local: Address,
    readonly remote: Address,
  ) {
    this.link = hub.link(remote.host, local.host);
    hub.opened(process, this);
  }

  /** Makes the two ends know each other. */
  static pair(one: SimulatedConnection, other: SimulatedConnection): void {
    one.peer = other;
    other.peer = one;
  }

  attach(owner: ConnectionOwner): void {
    assert(this.owner === undefined, 'a connection has one owner');
    this.owner = owner;
    this.handOverWhatWaits();
  }

  write(bytes: Uint8Array): boolean {
    assert(this.owner !== undefined, 'a connection is written to before it has an owner');
    const { peer } = this;
    if (this.closing || this.told || peer === undefined || !this.process.alive) return true;
    const { chunkBytes, random } = this.hub;
    for (let from = 0; from < bytes.length;) {
      const size = chunkBytes > 0 ? 1 + random.below(chunkBytes) : bytes.length;
      // A copy; small ones share a pool, which costs far less than memory for each.
      peer.send(Buffer.from(bytes.subarray(from, from + size)));
      from += size;
    }
    this.congested = peer.incomingBytes > this.hub.windowBytes;
    return !this.congested;
  }

  writeAll(pieces: readonly Uint8Array[]): boolean {
    return pieces.map((piece) => this.write(piece)).every(Boolean);
  }

  get pendingBytes(): number {
    return this.congested ? (this.peer?.incomingBytes ?? 0) : 0;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.handOverWhatWaits();
  }

  end(): void {
    if (this.closing || this.told) return;
    this.closing = true;
    this.peer?.send(undefined);
    this.paused = false;
    this.handOverWhatWaits();
  }

  destroy(): void {
    if (this.told) return;
    this.closing = true;
    this.incoming.length = 0;
    this.incomingBytes = 0;
    // Half the time what was sent before arrives, half the time a reset overtakes it.
    if (this.hub.random.chance(0.5)) this.peer?.send(undefined);
    else this.peer?.reset();
    this.peer = undefined;
    this.tell(false, undefined);
  }

  /** The process of this end is gone; what it had sent may still arrive. */
  vanish(): void {
    this.told = true;
    this.incoming.length = 0;
    if (this.hub.random.chance(0.5)) this.peer?.send(undefined);
    else this.peer?.reset();
    this.peer = undefined;
  }

  /** The peer's bytes, or its end, on their way to here. */
  private send(bytes: Uint8Array | undefined): void {
    if (this.told) return;
    const { world } = this.hub;
    const last = this.incoming[this.incoming.length - 1];
    const at = Math.max(last?.at ?? 0, world.now + this.link.delayMs());
    this.incoming.push({ at, bytes });
    this.incomingBytes += bytes?.length ?? 0;
    this.askForArrival(at - world.now);
  }

  /** The peer is gone without a word of goodbye: what was on its way is lost. */
  private reset(): void {
    if (this.told) return;
    const { world } = this.hub;
    this.peer = undefined;
    const overtake = (): void => {
      if (!this.link.open) {
        this.link.waiting.add(overtake);
        return;
      }
      this.incoming.length = 0;
      this.incomingBytes = 0;
      this.tell(
        true,
        new NetworkError('reset', `connection reset by ${this.remote.host}:${this.remote.port}`),
      );
    };
    world.schedule(this.link.delayMs(), this.process, overtake);
  }

  /** What came while nobody took it. */
  private handOverWhatWaits(): void {
    if (this.incoming.length > 0) this.askForArrival(0);
  }

  private askForArrival(delayMs: number): void {
    const at = this.hub.world.now + delayMs;
    if (at >= this.nextArrivalAt) return;
    this.nextArrivalAt = at;
    this.hub.world.schedule(delayMs, this.process, () => {
      if (this.nextArrivalAt === at) this.nextArrivalAt = Infinity;
      this.arrive();
    });
  }

  /** Hands over all that has arrived by now. */
  private arrive(): void {
    if (this.arriving || this.owner === undefined) return;
    this.arriving = true;
    while (!this.told && !this.paused) {
      const [packet] = this.incoming;
      if (packet === undefined) break;
      if (packet.at > this.hub.world.now) {
        this.askForArrival(packet.at - this.hub.world.now);
        break;
      }
      if (!this.link.open) {
        this.hub.heldUp += 1;
        this.link.waiting.add(this.afterBlock);
        break;
      }
      this.incoming.shift();
      if (packet.bytes === undefined) this.ended();
      else this.hand(packet.bytes);
    }
    this.arriving = false;
  }

  private readonly afterBlock = (): void => this.askForArrival(this.link.delayMs());

  private hand(bytes: Uint8Array): void {
    const { owner } = this;
    for (let from = 0; from < bytes.length && owner !== undefined && !this.told && !this.closing;) {
      const space = owner.receiveSpace();
      assert(space.length > 0, 'the owner of a connection lent no space');
      const part = bytes.subarray(from, from + space.length);
      space.set(part);
      from += part.length;
      owner.received(part.length);
    }
    this.incomingBytes -= bytes.length;
    this.peer?.relieve();
  }

  /** This end's bytes were taken by the peer. */
  private relieve(): void {
    if (!this.congested || (this.peer?.incomingBytes ?? 0) > 0) return;
    this.congested = false;
    this.hub.world.schedule(0, this.process, () => {
      if (!this.told && !this.closing) this.owner?.drained();
    });
  }

  /** The peer ended its side; so does this one, and both are done. */
  private ended(): void {
    const byUs = this.closing;
    if (!byUs) this.peer?.send(undefined);
    this.closing = true;
    this.peer = undefined;
    this.incoming.length = 0;
    this.incomingBytes = NO_BYTES.length;
    this.tell(!byUs, undefined);
  }

  private tell(byPeer: boolean, error: NetworkError | undefined): void {
    if (this.told) return;
    this.told = true;
    this.closing = true;
    this.hub.closed(this.process, this);
    this.hub.world.schedule(0, this.process, () => this.owner?.closed(byPeer, error));
  }
}

/**
 * The other brokers, to whoever has to ask them something. Holds one connection per broker and purpose, made at the
 * first request and forgotten when it closes; the next request dials anew. No back-off here: whoever asks again
 * decides when. Made by `broker.ts` with the listener, closed when the broker stops.
 *
 * What must hold: a request is sent to the address at which its broker is reached now, never to one it had before;
 * requests for different purposes never wait for each other; a broker that asks itself gets its answer from its own
 * handler in the same way as from another broker's (`self-channel.ts`).
 */
import { NetworkError, type Address, type Clock, type Network } from '@tidemark/platform';
import { FRAME_BYTES_MAX, type Api, type Decoded, type Encodable, type FieldMap } from '@tidemark/wire';
import type { Logger } from 'pino';
import type { Dispatch } from '../network/dispatch.js';
import type { Deadlines } from '../replicas/deadlines.js';
import type { Tick } from '../tick.js';
import { Channel, type ChannelOptions, type Done } from './channel.js';
import { peerClientId } from './peer-client.js';
import { PeerFailure } from './peer-failure.js';
import { SelfChannel } from './self-channel.js';

/**
 * A broker takes up the requests of one connection one after the other: what may wait long (a fetch without news, a
 * command that is being written) has a connection of its own.
 */
export const PEER_PURPOSES = [
  /** Votes, and the word of a new leader of the metadata quorum. */
  'quorum',
  /** Fetches of the metadata log and its snapshots. */
  'quorum-fetch',
  /** To the active controller: registration and heartbeats. Its end is a sign that the broker may be dead. */
  'control',
  /** To the active controller: a leader's proposals of in-sync replicas. */
  'isr',
  /** To the active controller: producer ids, topics on use, what clients asked the wrong broker. */
  'forward',
  /** The active controller's fences of quorum topics. */
  'fence',
  /** A follower's fetches. */
  'fetch',
] as const;
export type PeerPurpose = (typeof PEER_PURPOSES)[number];

export type ProbeOutcome = 'connected' | 'refused' | 'unanswered';

/** One broker, for one purpose. Holds nothing. */
export interface Peer {
  /**
   * Calls `done` once, never before this call has returned: with the answer, whose `records` are views that die when
   * `done` returns, or with why there is none. Whether the request was done is not known then, except when refused.
   */
  request<Q extends FieldMap, P extends FieldMap>(
    api: Api<Q, P>,
    version: number,
    request: Encodable<Q>,
    timeoutMs: number,
    done: Done<Decoded<P>>,
  ): void;
}

/** A connection that ended, and why: `failure.byPeer` when the other side did it. */
export interface PeerClosed {
  readonly brokerId: number;
  readonly purpose: PeerPurpose;
  readonly failure: PeerFailure;
}

export interface PeersOptions {
  readonly brokerId: number;
  readonly network: Network;
  readonly clock: Clock;
  readonly tick: Tick;
  readonly deadlines: Deadlines;
  readonly logger: Logger;
  /** Where a broker is reached now; nothing when nobody knows. */
  readonly addressOf: (brokerId: number) => Address | undefined;
  /** This broker's own handlers and address, for what it asks itself. */
  readonly dispatch: () => Dispatch;
  readonly advertised: () => Address;
}

/**
 * A dial ends at the latest after this; the time of the request that it is for may end it before. No longer than it takes
 * TCP to ask for the second time: it waits twice as long after each, also when the network is long back.
 */
const DIAL_TIMEOUT_MS = 1_000;

export class Peers {
  private readonly links = new Map<string, Channel>();
  private readonly selves = new Map<PeerPurpose, SelfChannel>();
  private readonly listeners = new Set<(closed: PeerClosed) => void>();
  private stopped = false;
  private readonly channelOptions: Omit<ChannelOptions, 'onClosed'>;

  constructor(private readonly options: PeersOptions) {
    const { network, clock, tick, deadlines, brokerId } = options;
    this.channelOptions = {
      network,
      clock,
      tick,
      deadlines,
      clientId: peerClientId(brokerId),
      dialTimeoutMs: DIAL_TIMEOUT_MS,
      answerBytesMax: FRAME_BYTES_MAX,
    };
  }

  to(brokerId: number, purpose: PeerPurpose): Peer {
    return {
      request: (api, version, request, timeoutMs, done) => {
        const channel = this.channelTo(brokerId, purpose);
        if (channel instanceof PeerFailure) this.options.clock.defer(() => done(channel));
        else channel.request(api, version, request, timeoutMs, done);
      },
    };
  }

  /**
   * Dials and hangs up: does anybody listen there? `done` is called once, never before this call has returned.
   * 'unanswered' also when nobody knows where that is.
   */
  probe(target: number | Address, timeoutMs: number, done: (outcome: ProbeOutcome) => void): void {
    if (target === this.options.brokerId) {
      this.options.clock.defer(() => done('connected'));
      return;
    }
    const address = typeof target === 'number' ? this.options.addressOf(target) : target;
    if (address === undefined || this.stopped) {
      this.options.clock.defer(() => done('unanswered'));
      return;
    }
    this.options.network.connect(address, timeoutMs).then(
      (connection) => {
        connection.destroy();
        done('connected');
      },
      (error: unknown) => {
        if (!(error instanceof NetworkError)) throw error;
        done(error.code === 'refused' ? 'refused' : 'unanswered');
      },
    );
  }

  /** Tells of every connection that ends, dials that failed included, before its requests fail. Answers how to stop. */
  onClosed(listener: (closed: PeerClosed) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** True while a connection is there or being dialled. */
  isLinked(brokerId: number, purpose: PeerPurpose): boolean {
    return this.links.has(keyOf(brokerId, purpose));
  }

  /** Closes the connection if there is one; its requests fail. */
  disconnect(brokerId: number, purpose: PeerPurpose, detail: string): void {
    this.links.get(keyOf(brokerId, purpose))?.close(detail);
  }

  /** Closes everything; what is asked from now on fails. */
  close(): void {
    this.stopped = true;
    for (const channel of [...this.links.values()]) channel.close('this broker stops');
    for (const channel of this.selves.values()) channel.close('this broker stops');
  }

  private channelTo(brokerId: number, purpose: PeerPurpose): Channel | SelfChannel | PeerFailure {
    if (this.stopped) return new PeerFailure('closed', 'this broker stops');
    if (brokerId === this.options.brokerId) return this.self(purpose);
    const address = this.options.addressOf(brokerId);
    if (address === undefined) return new PeerFailure('unreachable', `no address of broker ${brokerId}`);
    const channel = this.links.get(keyOf(brokerId, purpose));
    if (channel !== undefined) {
      if (sameAddress(channel.address, address)) return channel;
      channel.close(`broker ${brokerId} has moved to ${address.host}:${address.port}`);
    }
    return this.dial(brokerId, purpose, address);
  }

  private dial(brokerId: number, purpose: PeerPurpose, address: Address): Channel {
    const key = keyOf(brokerId, purpose);
    const { host, port } = address;
    const channel = new Channel(
      { host, port },
      {
        ...this.channelOptions,
        onClosed: (closed, failure) => {
          if (this.links.get(key) === closed) this.links.delete(key);
          this.options.logger.debug(
            { brokerId, purpose, failure: failure.toString() },
            'peer connection closed',
          );
          for (const listener of this.listeners) listener({ brokerId, purpose, failure });
        },
      },
    );
    this.links.set(key, channel);
    return channel;
  }

  private self(purpose: PeerPurpose): SelfChannel {
    const known = this.selves.get(purpose);
    if (known !== undefined) return known;
    const { clock, deadlines, dispatch, advertised } = this.options;
    const { clientId } = this.channelOptions;
    const id = -1 - PEER_PURPOSES.indexOf(purpose);
    const channel = new SelfChannel({ id, clock, deadlines, clientId, dispatch, advertised });
    this.selves.set(purpose, channel);
    return channel;
  }
}

const keyOf = (brokerId: number, purpose: PeerPurpose): string => `${brokerId} ${purpose}`;

function sameAddress(one: Address, other: Address): boolean {
  return one.host === other.host && one.port === other.port;
}

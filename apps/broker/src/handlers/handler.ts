/**
 * What a handler is: one API's meaning, without bytes. `network/dispatch.ts` decodes a request, calls the handler
 * of its key and encodes what it is given back; the connection sends answers in the order of requests.
 *
 * A handler answers by calling `respond` exactly once, at once or later (a parked Fetch, a JoinGroup that waits for
 * the others), from any later turn of the event loop; there are no promises on this path. Expected failures are
 * error codes in the response; what a handler throws closes the connection and is counted as an internal error.
 * What a request holds may be kept, but for its `records` fields (Produce): those are views into the connection's
 * receive buffer and die when `handle` returns.
 */
import type { Address, Clock, Random } from '@tidemark/platform';
import type { Api, DecodedRequest, EncodableResponse, FieldMap } from '@tidemark/wire';
import type { Logger } from 'pino';
import type { BrokerConfig } from '../config.js';
import type { BrokerSessions } from '../controller/brokers/broker-sessions.js';
import type { Controller } from '../controller/controller.js';
import type { MetadataQuorum } from '../controller/quorum/metadata-quorum.js';
import type { ProducerIds } from '../controller/producer-ids.js';
import type { TopicsOnUse } from '../controller/topics-on-use.js';
import type { MetadataImage } from '../controller/metadata-image.js';
import type { Coordinators } from '../coordinators/coordinators.js';
import type { BrokerMetrics } from '../metrics.js';
import type { CloseReason } from '../network/close-reason.js';
import type { ActiveController } from '../peers/active-controller.js';
import type { Peers } from '../peers/peers.js';
import type { Deadlines } from '../replicas/deadlines.js';
import type { Replicas } from '../replicas/replicas.js';
import type { Tick } from '../tick.js';

/** `byPeer` is false when this broker closed it, for whatever reason. */
export type ClosedListener = (byPeer: boolean) => void;

/** Where a request came from. One object per connection and request; safe to keep. */
export interface RequestContext {
  readonly apiVersion: number;
  /** As the client calls itself; '' when it sent null. Not trusted: never a metric label. */
  readonly clientId: string;
  readonly connectionId: number;
  readonly remote: Address;
  /** The address that clients of the request's listener are told to use for this broker. */
  readonly advertised: Address;
  /** When the request was taken up, monotonic milliseconds. */
  readonly startedAt: number;
  /** True once the connection is gone: a parked request need not be answered any more. */
  readonly closed: boolean;
  /** True while the broker stops: what is parked is to be answered with what there is. */
  readonly stopping: boolean;
  /**
   * Calls `listener` once when the connection is closed, after every request of it; at once when it is closed already.
   * The same function given again is kept once, so whoever cares about a connection gives one function per connection.
   */
  onClosed(listener: ClosedListener): void;
  /**
   * Calls `listener` when another request of the connection waits for this one to be answered, perhaps at once. For
   * what waits for news and may as well be answered without.
   */
  onOvertaken(listener: () => void): void;
  /**
   * Calls `listener` once when the answer has left this process, or never will. Until then nothing that the answer
   * refers to may change, and its records are not copied; to be called before `respond`.
   */
  onSent(listener: () => void): void;
  /** Closes the connection without an answer, for what cannot be answered (a failed acks=0 produce). */
  close(reason: CloseReason): void;
}

export interface HandlerOptions {
  /**
   * The next request of the connection, if it is for this API too, may be handled before this one is answered.
   * Without it a connection's requests are handled strictly one after the other, as Kafka does.
   */
  readonly pipelined?: boolean;
}

/**
 * One API's meaning. `respond(undefined)` sends nothing and lets the next request go (acks=0).
 */
export type Handle<Request, Response> = (
  request: Request,
  context: RequestContext,
  respond: (response: Response | undefined) => void,
) => void;

/** A handler as the dispatcher sees it: its types are known to its own file only. */
export interface Handler extends HandlerOptions {
  readonly api: Api<FieldMap, FieldMap>;
  readonly handle: Handle<unknown, unknown>;
}

/** What handlers work on. Made by `broker.ts` once, before the listener accepts. */
export interface BrokerContext {
  readonly config: BrokerConfig;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: BrokerMetrics;
  /** The newest metadata that this broker has replayed. */
  metadata(): MetadataImage;
  readonly controller: Controller;
  /** This broker's part in the metadata quorum. */
  readonly quorum: MetadataQuorum;
  /** One of the fixed voters of the metadata quorum. */
  isVoter(brokerId: number): boolean;
  /** Which brokers this one hears from, while it is the active controller. */
  readonly brokerSessions: BrokerSessions;
  readonly topicsOnUse: TopicsOnUse;
  readonly producerIds: ProducerIds;
  readonly coordinators: Coordinators;
  /** The partitions that this broker has a replica of. */
  readonly replicas: Replicas;
  /** The other brokers, and this one as they see it. */
  readonly peers: Peers;
  /** Whoever decides what this broker may not: for handlers, and for what the broker needs itself. */
  readonly activeController: ActiveController;
  readonly tick: Tick;
  /** For requests that wait; one timer for all of them. */
  readonly deadlines: Deadlines;
  /** Saves log starts, recovery points and high watermarks now (after DeleteRecords). */
  checkpoint(): void;
}

/**
 * Each `handlers/NN-name.ts` exports one of these; `handlers/index.ts` lists them. The function is called once per
 * broker, so what it closes over is that broker's state of the API.
 */
export type HandlerFactory = (broker: BrokerContext) => Handler;

/** Gives a handler's request and response their types from its API. */
export function defineHandler<Q extends FieldMap, P extends FieldMap>(
  api: Api<Q, P>,
  make: (broker: BrokerContext) => Handle<DecodedRequest<Api<Q, P>>, EncodableResponse<Api<Q, P>>>,
  options: HandlerOptions = {},
): HandlerFactory {
  // Requests are decoded and responses encoded by the very API that types them here: the one place of erasure.
  return (broker) => ({ api, ...options, handle: make(broker) }) as unknown as Handler;
}

/**
 * This broker's membership in the cluster: registers with the active controller, whoever that is, sends it heartbeats,
 * and asks it to move leadership away before the broker stops. One request at a time over the `control` connection,
 * whose end tells the controller that the broker may be dead. Holds the broker epoch and what is under way.
 *
 * What must hold: the registration is on the disk before a heartbeat of its epoch is sent, so that what is written as
 * a member is known at the next start; the controller hears of a metadata offset only when all listeners have it.
 */
import { DiskError, type Address, type Random } from '@tidemark/platform';
import { ErrorCode, brokerHeartbeatApi, brokerRegistrationApi, errorName, errorOf } from '@tidemark/wire';
import type { Logger } from 'pino';
import { PeerFailure } from '../../peers/peer-failure.js';
import type { Peers } from '../../peers/peers.js';
import type { Deadline, Deadlines } from '../../replicas/deadlines.js';
import type { Controller } from '../controller.js';

export interface BrokerLifecycleOptions {
  readonly controller: Pick<Controller, 'leaderId' | 'onLeader' | 'tellFrom' | 'knownOffset' | 'image'>;
  readonly peers: Pick<Peers, 'to'>;
  readonly deadlines: Deadlines;
  readonly random: Random;
  readonly logger: Logger;
  readonly brokerId: number;
  readonly clusterId: string;
  readonly directoryId: string;
  /** The last registration's, when nothing that was written since can be lost; -1 otherwise. */
  readonly previousBrokerEpoch: number;
  readonly heartbeatIntervalMs: number;
  readonly sessionTimeoutMs: number;
  /** Puts the registration on the disk. */
  readonly remember: (epoch: number) => void;
}

const REGISTRATION_VERSION = 4;
const HEARTBEAT_VERSION = 1;
const PLAINTEXT = 0;
/** After a failure, and while something is waited for that comes soon. */
const RETRY_MS = 50;
const SOON_MS = 10;
/** A registration is appended, committed and folded within this, or asked for again. */
const REGISTRATION_TIMEOUT_MS = 5_000;
/** How many sessions long another broker of the same id may hold the place before this one gives up. */
const CONTESTED_SESSIONS = 3;

const FATAL: ReadonlySet<number> = new Set<ErrorCode>([
  ErrorCode.INCONSISTENT_CLUSTER_ID,
  ErrorCode.INVALID_REGISTRATION,
]);

type Phase = 'idle' | 'joining' | 'member' | 'leaving' | 'gone';

export class BrokerLifecycle {
  readonly #options: BrokerLifecycleOptions;
  readonly #incarnationId: string;
  #phase: Phase = 'idle';
  #advertised: Address = { host: '', port: 0 };
  #epoch = -1;
  #previousEpoch: number;
  #asking = false;
  /** Of questions to one controller; answers of an earlier round count no more. */
  #round = 0;
  #next: Deadline | undefined;
  #contestedMs = 0;
  /** Why the cluster did not take this broker when it was asked last, and was told so. */
  #refusal: number = ErrorCode.NONE;
  #joined: { resolve: () => void; reject: (error: Error) => void } | undefined;
  #left: (() => void) | undefined;

  constructor(options: BrokerLifecycleOptions) {
    this.#options = options;
    this.#incarnationId = options.random.uuid();
    this.#previousEpoch = options.previousBrokerEpoch;
    // What an earlier controller was asked it may never answer; the new one is asked at once.
    options.controller.onLeader(() => {
      this.#round += 1;
      this.#asking = false;
      this.#askSoon(0);
    });
  }

  /** The current registration's; -1 before there is one. Proposals and fetches carry it. */
  get brokerEpoch(): number {
    return this.#epoch;
  }

  /**
   * Resolves when the broker is registered, has the metadata and is not fenced; goes on sending heartbeats until
   * `stop`. Rejects when the cluster does not take it.
   */
  join(advertised: Address): Promise<void> {
    this.#advertised = advertised;
    this.#phase = 'joining';
    this.#askSoon(0);
    return new Promise((resolve, reject) => {
      this.#joined = { resolve, reject };
    });
  }

  /**
   * Has leadership moved to other brokers, where there are any that stay. Resolves when this broker leads nothing, when
   * nobody is left who could lead instead, or when `boundMs` have passed.
   */
  leave(boundMs: number): Promise<void> {
    const { deadlines, logger } = this.#options;
    if (this.#phase !== 'member' || !this.#othersStay()) return Promise.resolve();
    this.#phase = 'leaving';
    return new Promise((resolve) => {
      const bound = deadlines.set(boundMs, () => {
        logger.warn({ boundMs }, 'leadership could not be moved in time');
        this.#left?.();
      });
      this.#left = () => {
        deadlines.cancel(bound);
        this.#left = undefined;
        resolve();
      };
      this.#askSoon(0);
    });
  }

  /** Sends nothing more. */
  stop(): void {
    this.#phase = 'gone';
    this.#cancelNext();
    this.#left?.();
    this.#joined?.reject(new Error('the broker was stopped before it had joined its cluster'));
    this.#joined = undefined;
  }

  #cancelNext(): void {
    if (this.#next !== undefined) this.#options.deadlines.cancel(this.#next);
    this.#next = undefined;
  }

  #askSoon(delayMs: number): void {
    if (this.#phase === 'idle' || this.#phase === 'gone') return;
    this.#cancelNext();
    this.#next = this.#options.deadlines.set(delayMs, () => this.#ask());
  }

  /** A whole cluster that is told to end has nobody to move leadership to, and soon no majority to agree on it. */
  #othersStay(): boolean {
    const { controller, brokerId } = this.#options;
    return [...controller.image.brokers.values()].some(
      ({ id, fenced, inControlledShutdown }) => id !== brokerId && !fenced && !inControlledShutdown,
    );
  }

  #ask(): void {
    const { leaderId } = this.#options.controller;
    if (this.#phase === 'leaving' && !this.#othersStay()) this.#left?.();
    if (this.#asking) return;
    if (leaderId < 0) {
      this.#askSoon(RETRY_MS);
      return;
    }
    this.#asking = true;
    if (this.#epoch < 0) this.#register(leaderId);
    else this.#heartbeat(leaderId);
  }

  #answered(nextMs: number): void {
    this.#asking = false;
    this.#askSoon(nextMs);
  }

  #register(leaderId: number): void {
    const { peers, brokerId, clusterId, directoryId } = this.#options;
    const { host, port } = this.#advertised;
    const round = this.#round;
    const request = {
      brokerId,
      clusterId,
      incarnationId: this.#incarnationId,
      listeners: [{ name: 'PLAINTEXT', host, port, securityProtocol: PLAINTEXT }],
      features: [],
      rack: null,
      logDirs: [directoryId],
      previousBrokerEpoch: this.#previousEpoch,
    };
    peers
      .to(leaderId, 'control')
      .request(brokerRegistrationApi, REGISTRATION_VERSION, request, REGISTRATION_TIMEOUT_MS, (answer) => {
        if (round !== this.#round) return;
        if (answer instanceof PeerFailure) this.#answered(RETRY_MS);
        else if (answer.errorCode === ErrorCode.NONE) this.#registered(answer.brokerEpoch);
        else this.#notRegistered(answer.errorCode);
      });
  }

  #registered(epoch: number): void {
    const { controller, remember, logger } = this.#options;
    logger.info({ brokerEpoch: epoch }, 'broker is registered');
    // This life has all that it wrote; only the next one goes by what is on the disk.
    this.#previousEpoch = epoch;
    try {
      remember(epoch);
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      logger.warn({ err: error }, 'the registration cannot be kept: registering again');
      this.#answered(RETRY_MS);
      return;
    }
    this.#epoch = epoch;
    this.#contestedMs = 0;
    this.#refusal = ErrorCode.NONE;
    controller.tellFrom(epoch);
    this.#answered(0);
  }

  #notRegistered(errorCode: number): void {
    const { brokerId, sessionTimeoutMs, logger } = this.#options;
    const reason = errorName(errorCode);
    if (errorCode === ErrorCode.DUPLICATE_BROKER_REGISTRATION) this.#contestedMs += RETRY_MS;
    const contested = this.#contestedMs > CONTESTED_SESSIONS * sessionTimeoutMs;
    if ((FATAL.has(errorCode) || contested) && this.#joined !== undefined) {
      const why = contested ? `another running broker has the id ${brokerId}` : reason;
      this.#joined.reject(new Error(`the cluster does not take this broker: ${why}`));
      this.#joined = undefined;
      this.stop();
      return;
    }
    // Asked for again many times a second; one line for each reason is enough.
    if (errorCode !== ErrorCode.NOT_CONTROLLER && errorCode !== this.#refusal) {
      this.#refusal = errorCode;
      logger.warn({ reason, meaning: errorOf(errorCode)?.meaning }, 'broker is not registered yet');
    }
    this.#answered(RETRY_MS);
  }

  #heartbeat(leaderId: number): void {
    const { peers, controller, brokerId, sessionTimeoutMs } = this.#options;
    const round = this.#round;
    const request = {
      brokerId,
      brokerEpoch: this.#epoch,
      currentMetadataOffset: controller.knownOffset,
      // Kafka's brokers ask for it where one of several disks fails. One whose only disk fails ends, and is fenced.
      wantFence: false,
      wantShutDown: this.#phase === 'leaving',
      offlineLogDirs: [],
    };
    peers
      .to(leaderId, 'control')
      .request(brokerHeartbeatApi, HEARTBEAT_VERSION, request, sessionTimeoutMs / 2, (answer) => {
        if (round !== this.#round) return;
        if (answer instanceof PeerFailure) this.#answered(RETRY_MS);
        else if (answer.errorCode === ErrorCode.NONE) this.#accepted(answer);
        else this.#refused(answer.errorCode);
      });
  }

  #accepted({ isFenced, shouldShutDown }: { isFenced: boolean; shouldShutDown: boolean }): void {
    const { heartbeatIntervalMs, logger } = this.#options;
    if (this.#phase === 'joining' && !isFenced) {
      this.#phase = 'member';
      logger.info({ brokerEpoch: this.#epoch }, 'broker has joined the cluster');
      this.#joined?.resolve();
      this.#joined = undefined;
    }
    if (this.#phase === 'leaving' && shouldShutDown) {
      this.#left?.();
      this.#answered(heartbeatIntervalMs);
      return;
    }
    this.#answered(this.#phase === 'member' ? heartbeatIntervalMs : SOON_MS);
  }

  /** The controller does not know this registration: another broker took its place, or it was removed. */
  #refused(errorCode: number): void {
    if (errorCode === ErrorCode.STALE_BROKER_EPOCH || errorCode === ErrorCode.BROKER_ID_NOT_REGISTERED) {
      this.#options.logger.warn({ reason: errorName(errorCode) }, 'broker registers anew');
      this.#epoch = -1;
    }
    this.#answered(RETRY_MS);
  }
}

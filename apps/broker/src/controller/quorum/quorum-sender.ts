/**
 * Sends the quorum's requests to other members over their channels and hands the answers back as inputs. Votes and
 * epochs have one connection, fetches another, because a fetch waits long. Holds nothing but what it said last of a
 * peer, so that a peer that speaks rubbish is named once and not with every request.
 */
import type {
  BeginEpochRequest,
  EndEpochRequest,
  QuorumEffect,
  QuorumInput,
  QuorumRequest,
  ReplicaKey,
} from '@tidemark/replication';
import {
  ErrorCode,
  beginQuorumEpochApi,
  endQuorumEpochApi,
  errorName,
  fetchApi,
  voteApi,
} from '@tidemark/wire';
import type { Logger } from 'pino';
import { PeerFailure } from '../../peers/peer-failure.js';
import type { Peer, Peers } from '../../peers/peers.js';
import {
  QUORUM_VERSIONS,
  epochAnswerOf,
  fetchAnswerOf,
  voteAnswerOf,
  wireBeginRequest,
  wireEndRequest,
  wireFetchRequest,
  wireVoteRequest,
} from './quorum-wire.js';
import { SnapshotDownload } from './snapshot-download.js';
import type { SnapshotId } from './snapshot-file.js';

export interface SenderOptions {
  readonly peers: () => Peers;
  readonly clusterId: string;
  readonly me: ReplicaKey;
  readonly logger: Logger;
}

/** Milliseconds. A fetch waits at the leader for half of the fetch timeout at most. */
const FETCH_WAIT_MS = 500;
const FETCH_TIMEOUT_MS = 1_000;
const VOTE_TIMEOUT_MS = 500;
const SNAPSHOT_TIMEOUT_MS = 5_000;
const FETCH_BYTES = 1024 * 1024;

type Send = Extract<QuorumEffect, { effect: 'send' }>;
type Take = (input: QuorumInput, records?: Uint8Array) => void;

export class QuorumSender {
  private readonly said = new Map<number, string>();

  constructor(private readonly options: SenderOptions) {}

  send({ to, correlation, request }: Send, take: Take): void {
    const failed = (failure: PeerFailure): void => {
      if (failure.kind === 'protocol') this.say(to, failure.detail);
      const why = failure.kind === 'refused' ? 'refused' : 'lost';
      take({ kind: 'request-failed', correlation, from: to, failure: why });
    };
    const rubbish = (errorCode: number): void => {
      const isOther = errorCode === (ErrorCode.INCONSISTENT_CLUSTER_ID as number);
      this.say(to, isOther ? 'it belongs to another cluster' : `it answered ${errorName(errorCode)}`);
      take({ kind: 'request-failed', correlation, from: to, failure: 'lost' });
    };
    this.dispatch(to, request, { correlation, take, failed, rubbish });
  }

  /** `done` is called once with the bytes of the whole snapshot, or with why there are none. */
  download(from: number, id: SnapshotId, epoch: number, done: (result: Uint8Array | Error) => void): void {
    const { clusterId, me } = this.options;
    const peer = this.options.peers().to(from, 'quorum-fetch');
    new SnapshotDownload({ peer, clusterId, me, epoch, id, timeoutMs: SNAPSHOT_TIMEOUT_MS, done });
  }

  private dispatch(to: number, request: QuorumRequest, reply: Reply): void {
    const { clusterId } = this.options;
    const { correlation, take, failed, rubbish } = reply;
    const purpose = request.kind === 'fetch' ? 'quorum-fetch' : 'quorum';
    const peer = this.options.peers().to(to, purpose);
    const about = { correlation, from: to };
    switch (request.kind) {
      case 'vote': {
        const wire = wireVoteRequest(clusterId, request);
        peer.request(voteApi, QUORUM_VERSIONS.vote, wire, VOTE_TIMEOUT_MS, (received) => {
          if (received instanceof PeerFailure) {
            failed(received);
            return;
          }
          const answer = voteAnswerOf(received);
          if (answer === undefined) {
            rubbish(received.errorCode);
            return;
          }
          take({ kind: 'vote-answer', ...about, answer });
        });
        return;
      }
      case 'begin-epoch':
      case 'end-epoch':
        this.sendEpoch(peer, request, { ...about, ...reply });
        return;
      case 'fetch': {
        const wire = wireFetchRequest(clusterId, request, {
          maxWaitMs: FETCH_WAIT_MS,
          maxBytes: FETCH_BYTES,
        });
        peer.request(fetchApi, QUORUM_VERSIONS.fetch, wire, FETCH_TIMEOUT_MS, (received) => {
          if (received instanceof PeerFailure) {
            failed(received);
            return;
          }
          const answered = fetchAnswerOf(received);
          if (answered === undefined) {
            rubbish(received.errorCode);
            return;
          }
          take({ kind: 'fetch-answer', ...about, answer: answered.answer }, answered.records);
        });
        return;
      }
    }
  }

  private sendEpoch(
    peer: Peer,
    request: BeginEpochRequest | EndEpochRequest,
    { correlation, from, take, failed, rubbish }: Reply & { readonly from: number },
  ): void {
    const { clusterId } = this.options;
    const taken = (received: Parameters<typeof epochAnswerOf>[0] | PeerFailure): void => {
      if (received instanceof PeerFailure) {
        failed(received);
        return;
      }
      const answer = epochAnswerOf(received);
      if (answer === undefined) {
        rubbish(received.errorCode);
        return;
      }
      take({ kind: 'epoch-answer', correlation, from, answer });
    };
    if (request.kind === 'begin-epoch') {
      const wire = wireBeginRequest(clusterId, request);
      peer.request(beginQuorumEpochApi, QUORUM_VERSIONS.beginEpoch, wire, VOTE_TIMEOUT_MS, taken);
    } else {
      const wire = wireEndRequest(clusterId, request);
      peer.request(endQuorumEpochApi, QUORUM_VERSIONS.endEpoch, wire, VOTE_TIMEOUT_MS, taken);
    }
  }

  private say(peer: number, what: string): void {
    if (this.said.get(peer) === what) return;
    this.said.set(peer, what);
    this.options.logger.error({ peer, what }, 'a member of the metadata quorum cannot be talked to');
  }
}

interface Reply {
  readonly correlation: number;
  readonly take: Take;
  readonly failed: (failure: PeerFailure) => void;
  readonly rubbish: (errorCode: number) => void;
}

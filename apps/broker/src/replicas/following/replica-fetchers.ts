/**
 * Which fetcher copies what: one `ReplicaFetcher` for each broker that leads something that is followed here, made with
 * the first such partition and closed with the last. Called by `replicas.ts` when a replica begins or ceases to follow.
 *
 * What must hold: a fetcher's connection ends with it. One that is left over from before a broken network still waits
 * for its last answer, and would have the next fetcher wait behind it.
 */
import type { Logger } from 'pino';
import type { Peers } from '../../peers/peers.js';
import type { Tick } from '../../tick.js';
import type { Deadlines } from '../deadlines.js';
import type { FollowerRole } from './follower-role.js';
import { ReplicaFetcher } from './replica-fetcher.js';

export interface ReplicaFetchersOptions {
  readonly brokerId: number;
  readonly peers: Pick<Peers, 'to' | 'disconnect'>;
  readonly tick: Tick;
  readonly deadlines: Deadlines;
  readonly logger: Logger;
  /** That this process is registered with; -1: not yet. */
  brokerEpoch(): number;
  onReceived(bytes: number): void;
}

export class ReplicaFetchers {
  private readonly fetchers = new Map<number, ReplicaFetcher>();
  private closed = false;

  constructor(private readonly options: ReplicaFetchersOptions) {}

  add(role: FollowerRole): void {
    if (this.closed) return;
    const { leaderId } = role.options;
    let fetcher = this.fetchers.get(leaderId);
    if (fetcher === undefined) {
      const peer = this.options.peers.to(leaderId, 'fetch');
      fetcher = new ReplicaFetcher({ ...this.options, leaderId, peer });
      this.fetchers.set(leaderId, fetcher);
    }
    fetcher.add(role);
  }

  remove(role: FollowerRole): void {
    const { leaderId } = role.options;
    const fetcher = this.fetchers.get(leaderId);
    if (fetcher === undefined) return;
    fetcher.remove(role);
    if (fetcher.size > 0) return;
    fetcher.close();
    this.fetchers.delete(leaderId);
    this.options.peers.disconnect(leaderId, 'fetch', 'nothing is followed there any more');
  }

  moved(role: FollowerRole): void {
    this.fetchers.get(role.options.leaderId)?.moved(role);
  }

  close(): void {
    this.closed = true;
    for (const fetcher of this.fetchers.values()) fetcher.close();
    this.fetchers.clear();
  }
}

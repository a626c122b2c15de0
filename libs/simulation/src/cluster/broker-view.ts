/**
 * What checkers and faults may see of a running broker: read-only, and in one place, so that the broker's inside can
 * change. Holds the list of replicas as long as the metadata does not change.
 */
import type { Broker } from '@tidemark/broker';
import type { QuorumState } from '@tidemark/replication';

export interface ReplicaView {
  /** `topic-partition`. */
  readonly key: string;
  readonly leading: boolean;
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly highWatermark: number;
  readonly logEndOffset: number;
}

export const METADATA_KEY = '__cluster_metadata-0';

export type Image = Broker['controller']['image'];
type Replica = ReturnType<Broker['replicas']['all']> extends Generator<infer R> ? R : never;

export class BrokerView {
  private replicas: LiveReplica[] = [];
  private seenAt = -1;
  private quorumState: QuorumState | undefined;
  private quorumView: ReplicaView | undefined;

  constructor(readonly broker: Broker) {}

  get image(): Image {
    return this.broker.controller.image;
  }

  /** The metadata quorum as one more replica. */
  get metadata(): ReplicaView {
    const { state } = this.broker.quorum;
    if (state === this.quorumState && this.quorumView !== undefined) return this.quorumView;
    this.quorumState = state;
    const { role, epoch, highWatermark } = state;
    this.quorumView = {
      key: METADATA_KEY,
      leading: role === 'leader',
      leader: -1,
      leaderEpoch: epoch,
      highWatermark,
      logEndOffset: -1,
    };
    return this.quorumView;
  }

  /** It decides for the cluster. */
  get isController(): boolean {
    return this.broker.controller.active;
  }

  /** The leader of `key` has asked for this follower to be in sync and has not been told that it is. */
  isJoining(key: string, follower: number): boolean {
    const found = this.all().find((view) => view.key === key);
    const followers = found instanceof LiveReplica ? found.replica.leadership?.followers : undefined;
    return (
      followers?.some(({ brokerId, inMaximal, inSync }) => brokerId === follower && inMaximal && !inSync) ===
      true
    );
  }

  /** The replicas here; each reads through to the broker. */
  all(): readonly ReplicaView[] {
    const { position } = this.image;
    if (position !== this.seenAt) {
      this.seenAt = position;
      const known = new Map(this.replicas.map((view) => [view.replica, view]));
      this.replicas = [...this.broker.replicas.all()].map(
        (replica) => known.get(replica) ?? new LiveReplica(replica),
      );
    }
    return this.replicas;
  }
}

class LiveReplica implements ReplicaView {
  readonly key: string;

  constructor(readonly replica: Replica) {
    this.key = `${replica.topic}-${replica.partition}`;
  }

  get leading(): boolean {
    return this.replica.leading;
  }

  get leader(): number {
    return this.replica.leader;
  }

  get leaderEpoch(): number {
    return this.replica.leaderEpoch;
  }

  get highWatermark(): number {
    return this.replica.highWatermark;
  }

  get logEndOffset(): number {
    return this.replica.logEndOffset;
  }
}

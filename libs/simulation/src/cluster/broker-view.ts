/**
 * What checkers and faults may see of a running broker: read-only, and in one place, so that the broker's inside can
 * change. Holds the list of replicas as long as the metadata does not change.
 */
import type { Broker } from '@tidemark/broker';

export interface ReplicaView {
  /** `topic-partition`. */
  readonly key: string;
  readonly leading: boolean;
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly highWatermark: number;
  readonly logEndOffset: number;
}

export type Image = Broker['controller']['image'];
type Replica = ReturnType<Broker['replicas']['all']> extends Generator<infer R> ? R : never;

export class BrokerView {
  private replicas: LiveReplica[] = [];
  private seenAt = -1;

  constructor(readonly broker: Broker) {}

  get image(): Image {
    return this.broker.controller.image;
  }

  /** It decides for the cluster. */
  get isController(): boolean {
    return this.broker.controller.active;
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

/**
 * What must hold of the cluster's metadata (I14), and the newest of it that anybody has: the truth about who is in sync.
 * Holds where each partition is, as of that image. Asked by the other invariants.
 */
import { METADATA_KEY, type Image } from '../cluster/broker-view.js';
import type { Coverage } from './coverage.js';
import type { Invariants } from './invariants.js';
import { hold } from './violation.js';

export interface Placement {
  readonly quorum: boolean;
  readonly minInsync: number;
  readonly leader: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
  readonly elr: readonly number[];
  readonly partitionEpoch: number;
}

export class ControllerInvariants {
  newest: Image | undefined;
  private position = -1;
  private readonly placements = new Map<string, Placement>();
  /** Registrations that are known: broker and its epoch. */
  private readonly epochs = new Map<number, number>();
  private readonly fenced = new Map<number, boolean>();

  constructor(private readonly coverage: Coverage) {}

  /** The metadata log is where its voters are. */
  placeMetadata(voters: readonly number[]): void {
    this.placements.set(METADATA_KEY, {
      quorum: true,
      minInsync: 1,
      leader: -1,
      replicas: voters,
      isr: voters,
      elr: [],
      partitionEpoch: -1,
    });
  }

  topicKeys(): readonly string[] {
    return [...this.placements.keys()].filter((key) => key !== METADATA_KEY).sort();
  }

  partition(key: string): Placement | undefined {
    return this.placements.get(key);
  }

  isQuorum(key: string): boolean {
    return this.placements.get(key)?.quorum === true;
  }

  /** A broker may have folded more than anybody before. */
  check(image: Image, invariants: Invariants): void {
    if (image.position <= this.position) return;
    this.position = image.position;
    this.newest = image;
    for (const broker of image.brokers.values()) {
      const known = this.epochs.get(broker.id) ?? -1;
      hold(broker.epoch >= known, 'I14', () => `the epoch of broker ${broker.id} went back from ${known}`);
      if (broker.epoch !== known) invariants.lossy.delete(broker.id);
      this.epochs.set(broker.id, broker.epoch);
      if (broker.fenced && this.fenced.get(broker.id) === false) this.coverage.reached('broker fenced');
      this.fenced.set(broker.id, broker.fenced);
    }
    for (const topic of image.topics.values()) {
      const quorum = topic.configs['replication.protocol'] === 'quorum';
      const minInsync = Number(topic.configs['min.insync.replicas'] ?? 1);
      for (const { partition, leader, replicas, isr, elr, partitionEpoch } of topic.partitions) {
        const key = `${topic.name}-${partition}`;
        const before = this.placements.get(key);
        if (before?.partitionEpoch === partitionEpoch) continue;
        const placement = { quorum, minInsync, leader, replicas, isr, elr, partitionEpoch };
        this.placements.set(key, placement);
        this.checkPlacement(key, placement, image);
        if (!quorum) invariants.checkInSync(key, [...isr, ...elr]);
        this.cover(before, placement);
      }
    }
  }

  private checkPlacement(key: string, placement: Placement, image: Image): void {
    const { isr, elr, leader, replicas, quorum, minInsync } = placement;
    const say = (what: string) => (): string => `${key}: ${what} (${JSON.stringify(placement)})`;
    hold(
      isr.every((node) => replicas.includes(node)),
      'I14',
      say('in sync, but no replica'),
    );
    hold(!isr.some((node) => elr.includes(node)), 'I14', say('both in sync and eligible'));
    hold(leader < 0 || isr.includes(leader), 'I14', say('the leader is not in sync'));
    if (quorum) return;
    hold(
      isr.every((node) => image.brokers.get(node)?.fenced === false),
      'I14',
      say('a fenced broker is in sync'),
    );
    hold(
      isr.length < Math.min(minInsync, replicas.length) || elr.length === 0,
      'I14',
      say('eligible without need'),
    );
  }

  private cover(before: Placement | undefined, after: Placement): void {
    if (before === undefined) return;
    if (after.isr.length < before.isr.length) this.coverage.reached('in-sync set shrunk');
    if (after.isr.length > before.isr.length) this.coverage.reached('in-sync set expanded');
    if (after.elr.length > before.elr.length) this.coverage.reached('eligible leader replica kept');
  }
}

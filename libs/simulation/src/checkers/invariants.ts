/**
 * What must hold after every step of a cluster (reliability.md 3.3, by number). Holds what each replica looked like last,
 * who led which epoch, and what is committed; each step costs as much as changed on the machine whose turn it was. Reads
 * brokers through `BrokerView` and logs from the bytes on the disks.
 */
import { batchCrc } from '@tidemark/wire';
import type { Acknowledgement } from '../client/simulated-producer.js';
import { METADATA_KEY, type Image, type ReplicaView } from '../cluster/broker-view.js';
import type { Machine } from '../cluster/machine.js';
import { CommittedLog } from './committed.js';
import { ControllerInvariants, type Placement } from './controller-invariants.js';
import type { Coverage } from './coverage.js';
import { DiskMirror, type ReplicaMirror } from './log-mirror.js';
import { hold } from './violation.js';

export interface InvariantsOptions {
  readonly machines: readonly Machine[];
  readonly dataDirectory: string;
  readonly coverage: Coverage;
  readonly now: () => number;
}

/** A replica as it was after the machine's last step. */
interface Seen {
  leading: boolean;
  epoch: number;
  highWatermark: number;
}

export class Invariants {
  readonly mirrors: ReadonlyMap<number, DiskMirror>;
  private readonly committed = new Map<string, CommittedLog>();
  /** By partition and epoch, who led. */
  private readonly leaders = new Map<string, number>();
  private readonly seen = new Map<number, { life: number; replicas: Map<string, Seen> }>();
  private readonly controllers: ControllerInvariants;
  /** The newest epoch of the metadata quorum, and the one in which each partition's leader was elected last. */
  private metadataEpoch = 0;
  private readonly electedBy = new Map<string, number>();
  /** Machines that lost written data and have not registered since: in the ISR by name only. */
  readonly lossy = new Set<number>();

  constructor(private readonly options: InvariantsOptions) {
    const { machines, dataDirectory } = options;
    this.mirrors = new Map(
      machines.map(({ id, disk }) => [id, new DiskMirror(id, disk, dataDirectory)] as const),
    );
    this.controllers = new ControllerInvariants(options.coverage);
    this.controllers.placeMetadata(machines.map(({ id }) => id));
  }

  /** The newest metadata that any running broker has folded. */
  get image(): Image | undefined {
    return this.controllers.newest;
  }

  committedLog(key: string): CommittedLog {
    let log = this.committed.get(key);
    if (log === undefined) {
      log = new CommittedLog(key);
      this.committed.set(key, log);
    }
    return log;
  }

  /** Partitions of all topics that there are. */
  placedKeys(): readonly string[] {
    return this.controllers.topicKeys();
  }

  placement(key: string): Placement | undefined {
    return this.controllers.partition(key);
  }

  isQuorum(key: string): boolean {
    return this.controllers.isQuorum(key);
  }

  /**
   * Whether these machines may lose power without more than what primary-backup promises to bear: no other is lossy, and
   * what is committed is on another that may be elected. With `min.insync.replicas` 1 nobody else may be when the one that
   * is left in sync by name turns out to have lost something.
   */
  survivesWithout(nodes: readonly number[]): boolean {
    for (const [key, committed] of this.committed) {
      const placement = this.controllers.partition(key);
      if (placement === undefined || placement.quorum) continue;
      if (nodes.length > 1 || [...this.lossy].some((node) => !nodes.includes(node))) return false;
      if (placement.minInsync < 2 && nodes.some((node) => placement.isr.includes(node))) return false;
      const others = [...placement.isr, ...placement.elr].filter((node) => !nodes.includes(node));
      if (!others.some((node) => committed.isHeldBy(this.mirrors.get(node)?.of(key)))) return false;
    }
    return true;
  }

  /** The machine's disk has only what was forced to it. */
  lostPower(node: number): void {
    this.lossy.add(node);
    for (const mirror of this.mirrors.get(node)?.follow() ?? []) {
      if (mirror.cutTo < Infinity) this.options.coverage.reached('written data lost to a power loss');
      mirror.cutTo = Infinity;
    }
  }

  leaderIn(key: string, epoch: number): number | undefined {
    return this.leaders.get(`${key}@${epoch}`);
  }

  /** A step of this machine is over. */
  check(machine: Machine): void {
    const cut = this.mirrors.get(machine.id)?.follow() ?? [];
    const { view, incarnation } = machine;
    if (view === undefined || incarnation?.alive !== true) {
      for (const mirror of cut) mirror.cutTo = Infinity;
      return;
    }
    const known = this.seenOf(machine.id, incarnation.life);
    for (const mirror of cut) this.checkCut(mirror, known.get(mirror.key));
    this.controllers.check(view.image, this);
    this.checkReplica(machine.id, view.metadata, known);
    for (const replica of view.all()) this.checkReplica(machine.id, replica, known, machine.ready);
  }

  /** Everything acknowledged is committed at the moment of the acknowledgement, as it was sent (I9). */
  acknowledged({ key, baseOffset, batch, sentAt }: Acknowledgement): void {
    const crc = batchCrc(batch, 0);
    const committed = this.committedLog(key).at(baseOffset);
    hold(committed?.crc === crc, 'I9', () => {
      const there = committed === undefined ? 'nothing' : `a batch ${committed.crc.toString(16)}`;
      return `${key}: ${crc.toString(16)} acknowledged at ${baseOffset}, where ${there} is committed`;
    });
    if ((committed?.committedAt ?? Infinity) < sentAt) {
      this.options.coverage.reached('duplicate answered from the sequence cache');
    }
  }

  /** After everything has settled: all replicas have all that is committed, byte for byte (K2). */
  checkSettled(): void {
    const image = this.controllers.newest;
    if (image === undefined) return;
    for (const topic of image.topics.values()) {
      for (const { partition, replicas } of topic.partitions) {
        const key = `${topic.name}-${partition}`;
        const committed = this.committedLog(key);
        for (const node of replicas) {
          hold(committed.isHeldBy(this.mirrors.get(node)?.of(key)), 'K2', () => {
            const end = this.mirrors.get(node)?.of(key)?.end ?? 0;
            return `${key}: broker ${node} ends at ${end} and lacks some of what is committed up to ${committed.end}`;
          });
        }
      }
    }
  }

  /** `serving`: a broker that starts may lead by what it knew when it ended, and answers nobody yet. */
  private checkReplica(node: number, replica: ReplicaView, known: Map<string, Seen>, serving = true): void {
    const { key, leaderEpoch, highWatermark } = replica;
    const leading = serving && replica.leading;
    let seen = known.get(key);
    if (seen === undefined) {
      seen = { leading: false, epoch: -1, highWatermark: -1 };
      known.set(key, seen);
    }
    if (seen.leading === leading && seen.epoch === leaderEpoch && seen.highWatermark === highWatermark)
      return;
    hold(
      leaderEpoch >= seen.epoch,
      'I2',
      () => `${key}: broker ${node} went from epoch ${seen.epoch} to ${leaderEpoch}`,
    );
    if (leading && (!seen.leading || seen.epoch !== leaderEpoch)) this.becameLeader(node, key, leaderEpoch);
    if (highWatermark !== seen.highWatermark) this.watermarkMoved(node, replica, { seen, leading });
    seen.leading = leading;
    seen.epoch = leaderEpoch;
    seen.highWatermark = highWatermark;
  }

  private becameLeader(node: number, key: string, epoch: number): void {
    const before = this.leaders.get(`${key}@${epoch}`);
    hold(before === undefined || before === node, 'I1', () => {
      return `${key}: brokers ${before ?? 0} and ${node} both lead epoch ${epoch}`;
    });
    this.leaders.set(`${key}@${epoch}`, node);
    if (before === undefined && key === METADATA_KEY) {
      this.metadataEpoch = epoch;
      this.options.coverage.reached('controller election');
    } else if (before === undefined && epoch > 0) {
      if ((this.electedBy.get(key) ?? this.metadataEpoch) !== this.metadataEpoch) {
        this.options.coverage.reached('leader election by a controller that is new');
      }
      this.electedBy.set(key, this.metadataEpoch);
      const quorum = this.controllers.isQuorum(key);
      this.options.coverage.reached(`leader election, ${quorum ? 'quorum' : 'primary-backup'}`);
    }
    const committed = this.committedLog(key);
    const upTo = committed.endBefore(epoch);
    const mirror = this.mirrors.get(node)?.of(key);
    hold(committed.isHeldBy(mirror, upTo), 'I3', () => {
      return `${key}: broker ${node} leads epoch ${epoch} without all that was committed up to ${upTo}; ends: ${this.ends(key)}`;
    });
  }

  /** By broker, where its log ends and how much of it no power loss takes. */
  private ends(key: string): string {
    return [...this.mirrors.values()]
      .map(
        ({ node, replicas }) =>
          `${node}: ${replicas.get(key)?.end ?? '-'} (${replicas.get(key)?.durableEnd ?? '-'})`,
      )
      .join(', ');
  }

  private watermarkMoved(
    node: number,
    { key, leaderEpoch, highWatermark }: ReplicaView,
    { seen, leading }: { seen: Seen; leading: boolean },
  ): void {
    if (seen.epoch === leaderEpoch && seen.leading === leading) {
      hold(highWatermark >= seen.highWatermark, 'I6', () => {
        return `${key}: the high watermark of broker ${node} went from ${seen.highWatermark} to ${highWatermark}`;
      });
    }
    const committed = this.committedLog(key);
    const mirror = this.mirrors.get(node)?.of(key);
    if (mirror === undefined) {
      hold(
        // A snapshot may have taken the place of everything.
        highWatermark === 0 || (key === METADATA_KEY && highWatermark <= committed.end),
        'I5',
        () => `${key}: broker ${node} commits ${highWatermark} of a log without files`,
      );
      return;
    }
    if (!leading && highWatermark <= committed.end) {
      committed.verify(mirror, highWatermark);
      return;
    }
    // A leader may commit, tell a follower and die in one step: then the follower is the first to be seen.
    const before = committed.end;
    committed.commit(mirror, { highWatermark, epoch: leaderEpoch, now: this.options.now() });
    if (committed.end === before) return;
    this.checkJustified(key, committed);
    // In one step a replica may hear of a watermark and of the next epoch.
    if (seen.epoch === leaderEpoch) this.checkOwnEpoch(node, key, leaderEpoch);
  }

  /** By quorum, what is committed ends with a batch of the epoch that commits it (Raft's figure 8). */
  private checkOwnEpoch(node: number, key: string, epoch: number): void {
    if (!this.controllers.isQuorum(key)) return;
    const committed = this.committedLog(key);
    const last = committed.batches[committed.batches.length - 1];
    hold(last?.epoch === epoch, 'I7', () => {
      return `${key}: broker ${node} commits up to ${committed.end} in epoch ${epoch}, by counting entries of epoch ${last?.epoch ?? -1}`;
    });
  }

  /** What was just committed is where the protocol says that it is (I7, I8). */
  private checkJustified(key: string, committed: CommittedLog): void {
    const { end } = committed;
    const placement = this.controllers.partition(key);
    if (placement === undefined) return;
    if (placement.quorum) {
      this.checkOnMajority(key, placement);
      return;
    }
    // A machine that lost power had it when it was counted.
    const holders = placement.replicas.filter(
      (node) => this.lossy.has(node) || committed.isHeldBy(this.mirrors.get(node)?.of(key)),
    );
    hold(holders.length >= Math.min(placement.minInsync, placement.replicas.length), 'I7', () => {
      return `${key}: ${end} is committed, written only at brokers ${holders.join(', ') || 'none'}`;
    });
    this.checkInSync(key, placement.isr);
  }

  private checkOnMajority(key: string, { replicas }: Placement): void {
    const committed = this.committedLog(key);
    const { end } = committed;
    const holders = replicas.filter((node) => {
      const mirror = this.mirrors.get(node)?.of(key);
      return mirror !== undefined && mirror.durableEnd >= end && committed.isHeldBy(mirror);
    });
    hold(2 * holders.length > replicas.length, 'I7', () => {
      return `${key}: ${end} is committed, on disk only at brokers ${holders.join(', ') || 'none'}`;
    });
  }

  /** Whoever may be elected has all that is committed (I8). */
  checkInSync(key: string, members: readonly number[]): void {
    const committed = this.committedLog(key);
    for (const node of members) {
      if (this.lossy.has(node)) continue;
      const mirror = this.mirrors.get(node)?.of(key);
      hold(committed.isHeldBy(mirror), 'I8', () => {
        return `${key}: broker ${node} is in sync and ends at ${mirror?.end ?? 0}; committed is ${committed.end}; ${JSON.stringify(this.placement(key))}`;
      });
    }
  }

  /** A log was cut: nothing that this broker knew to be committed may go (I6). */
  private checkCut(mirror: ReplicaMirror, seen: Seen | undefined): void {
    const { cutTo, rolls, begunAnew } = mirror;
    mirror.cutTo = Infinity;
    mirror.rolls = mirror.begunAnew = 0;
    if (begunAnew > 0 && mirror.key === METADATA_KEY)
      this.options.coverage.reached('metadata snapshot installed');
    if (rolls > 0) this.options.coverage.reached('segment rolled', rolls);
    if (cutTo === Infinity || seen === undefined) return;
    if (!seen.leading) this.options.coverage.reached('truncation by diverging epoch');
    this.checkKept(mirror);
    hold(cutTo >= seen.highWatermark || mirror.end >= seen.highWatermark, 'I6', () => {
      return `${mirror.key}: broker ${mirror.node} cut its log to ${cutTo}, below its high watermark ${seen.highWatermark}`;
    });
  }

  /** Nor what makes it committed: a replica that counts still has all of it (I7, I8). */
  private checkKept({ key, node }: ReplicaMirror): void {
    const placement = this.controllers.partition(key);
    if (placement === undefined) return;
    if (placement.quorum) this.checkOnMajority(key, placement);
    else if (placement.isr.includes(node) || placement.elr.includes(node)) this.checkInSync(key, [node]);
  }

  private seenOf(node: number, life: number): Map<string, Seen> {
    const known = this.seen.get(node);
    if (known?.life === life) return known.replicas;
    const replicas = new Map<string, Seen>();
    this.seen.set(node, { life, replicas });
    return replicas;
  }
}

/**
 * One partition's way from what it is to what it is to be: who leads it, which replicas stay eligible (KIP-966), and
 * the event that says so. Every decision that touches a partition goes through here, so that the invariants hold
 * whichever it is: a leader is in the ISR or there is none, ISR and ELR are disjoint, and there is no ELR while the
 * ISR is large enough. Pure; Kafka's counterpart is PartitionChangeBuilder.
 */
import type { PartitionChanged } from '../controller-events.js';
import { replicationProtocol } from '../metadata-image.js';
import type { PartitionImage, TopicImage } from '../metadata-image.js';
import { minInsyncReplicas, uncleanElectionAllowed } from './rules.js';
import type { Rules } from './rules.js';

/** What is to change; what is not named follows from it. */
export interface PartitionTarget {
  readonly isr?: readonly number[];
  readonly replicas?: readonly number[];
  readonly adding?: readonly number[];
  readonly removing?: readonly number[];
  readonly wanted?: readonly number[];
  /** A broker that may lack what it had: no leader from it until it has caught up. */
  readonly lost?: number;
  /** A broker that has nothing at all left, and is not even the last resort. */
  readonly emptied?: number;
  /** The leader has come to terms with what an unclean election left it. */
  readonly recovered?: boolean;
  /**
   * `needed`: only when the leader cannot stay. `preferred`: the first replica takes over when it may; a quorum
   * partition is left without a leader, for an election. `unclean`: as needed, whatever it costs.
   */
  readonly election: 'needed' | 'preferred' | 'unclean';
  /** Begins a new leader epoch even when the leader stays. */
  readonly newEpoch?: boolean;
}

type Roles = Pick<PartitionImage, 'leader' | 'isr' | 'elr' | 'lastKnownElr' | 'recovering'>;

/** The event, or nothing when all is as it should be. */
export function changePartition(
  rules: Rules,
  topic: TopicImage,
  before: PartitionImage,
  target: PartitionTarget,
): PartitionChanged | undefined {
  const replicas = target.replicas ?? before.replicas;
  const kept = (id: number): boolean => replicas.includes(id) && id !== target.lost;
  const isr = (target.isr ?? before.isr).filter(kept);
  const around = { ...before, replicas, isr };
  const roles =
    replicationProtocol(topic) === 'quorum'
      ? quorumRoles(rules, around, target)
      : primaryBackupRoles(rules, topic, { before, around, target, kept });
  const change = {
    ...(target.newEpoch === true || roles.leader !== before.leader ? { leader: roles.leader } : {}),
    ...differing('isr', before.isr, roles.isr),
    ...differing('elr', before.elr, roles.elr),
    ...differing('lastKnownElr', before.lastKnownElr, roles.lastKnownElr),
    ...differing('replicas', before.replicas, replicas),
    ...differing('adding', before.adding, target.adding ?? before.adding),
    ...differing('removing', before.removing, target.removing ?? before.removing),
    ...differing('wanted', before.wanted, target.wanted ?? before.wanted),
    ...(roles.recovering === before.recovering ? {} : { recovering: roles.recovering }),
  };
  if (Object.keys(change).length === 0) return undefined;
  return { type: 'PartitionChanged', topicId: topic.id, partition: before.partition, ...change };
}

function differing<const Name extends string>(
  name: Name,
  before: readonly number[],
  after: readonly number[],
): Partial<Record<Name, readonly number[]>> {
  if (before.length === after.length && before.every((id, index) => id === after[index])) return {};
  return { [name]: after } as Record<Name, readonly number[]>;
}

/**
 * A quorum partition loses its leader here and gets one by an election (`CompleteElections`). Fenced replicas stay
 * eligible: what they acknowledged is on their disks.
 */
function quorumRoles(rules: Rules, around: PartitionImage, target: PartitionTarget): Roles {
  const { leader, isr } = around;
  const stays = leader !== -1 && isr.includes(leader) && rules.active(leader);
  const elects = target.election === 'preferred' || target.newEpoch === true;
  return { leader: stays && !elects ? leader : -1, isr, elr: [], lastKnownElr: [], recovering: false };
}

interface PrimaryBackupChange {
  readonly before: PartitionImage;
  /** `before` with the replicas and the ISR that are to be. */
  readonly around: PartitionImage;
  readonly target: PartitionTarget;
  readonly kept: (brokerId: number) => boolean;
}

function primaryBackupRoles(rules: Rules, topic: TopicImage, change: PrimaryBackupChange): Roles {
  const { before, around, target, kept } = change;
  const minIsr = minInsyncReplicas(rules, topic, around);
  const recovering = before.recovering && target.recovered !== true;
  const eligible = (isr: readonly number[]): number[] =>
    isr.length >= minIsr
      ? []
      : around.replicas.filter(
          (id) => kept(id) && !isr.includes(id) && (before.elr.includes(id) || before.isr.includes(id)),
        );
  const { isr } = around;
  const elr = eligible(isr);
  const leader = cleanLeader(rules, around, target);
  if (leader !== undefined) return { leader, isr, elr, lastKnownElr: [], recovering };
  if (isr.length > 0 && target.election !== 'unclean' && !uncleanElectionAllowed(rules, topic)) {
    return { leader: -1, isr, elr, lastKnownElr: before.lastKnownElr, recovering };
  }
  const standing = isr.length > 0 ? undefined : elr.find(rules.active);
  if (standing !== undefined) {
    return { leader: standing, isr: [standing], elr: eligible([standing]), lastKnownElr: [], recovering };
  }
  const lastKnownElr = lastKnown(before, target);
  const last = isr.length + elr.length > 0 ? undefined : lastKnownElr.find(rules.active);
  const unclean = last ?? uncleanLeader(rules, topic, around, target);
  if (unclean === undefined) return { leader: -1, isr, elr, lastKnownElr, recovering };
  // What the others have beyond the new leader's log is given up, so that nobody else is eligible any more.
  return { leader: unclean, isr: [unclean], elr: [], lastKnownElr: [], recovering: true };
}

function lastKnown(
  { leader, lastKnownElr }: PartitionImage,
  { emptied }: PartitionTarget,
): readonly number[] {
  const known = leader === -1 ? lastKnownElr : [leader];
  return known.filter((id) => id !== emptied);
}

function cleanLeader(rules: Rules, around: PartitionImage, target: PartitionTarget): number | undefined {
  const { leader, replicas, isr } = around;
  const fit = (id: number): boolean => isr.includes(id) && rules.active(id);
  const [preferred = -1] = replicas;
  if (target.election === 'preferred' && fit(preferred)) return preferred;
  return fit(leader) ? leader : replicas.find(fit);
}

function uncleanLeader(
  rules: Rules,
  topic: TopicImage,
  { replicas }: PartitionImage,
  { election }: PartitionTarget,
): number | undefined {
  if (election !== 'unclean' && !uncleanElectionAllowed(rules, topic)) return undefined;
  return replicas.find(rules.active);
}

/**
 * What decisions about partitions go by: the committed metadata, the settings that topics fall back to, and which
 * brokers may lead as of the decision (which may itself fence one). Pure.
 */
import type { MetadataImage, PartitionImage, TopicImage } from '../metadata-image.js';

/** Settings of topics that do not have their own. */
export interface TopicDefaults {
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly minInsyncReplicas: number;
  readonly uncleanElection: boolean;
}

export interface Rules {
  readonly state: Pick<MetadataImage, 'brokers' | 'topics' | 'topicsById'>;
  readonly defaults: TopicDefaults;
  /** Registered, not fenced and not stopping: may lead, and join an in-sync set. */
  readonly active: (brokerId: number) => boolean;
}

/** The rules as the decision finds them, or as they are when it makes `brokerId` active or takes that away. */
export function rulesOf(
  state: Rules['state'],
  defaults: TopicDefaults,
  change?: { readonly brokerId: number; readonly active: boolean },
): Rules {
  return {
    state,
    defaults,
    active: (brokerId) => {
      if (brokerId === change?.brokerId) return change.active;
      const broker = state.brokers.get(brokerId);
      return broker !== undefined && !broker.fenced && !broker.inControlledShutdown;
    },
  };
}

/** A topic with fewer replicas than it demands in sync is satisfied with all of them. */
export function minInsyncReplicas(
  { defaults }: Pick<Rules, 'defaults'>,
  { configs }: Pick<TopicImage, 'configs'>,
  { replicas }: Pick<PartitionImage, 'replicas'>,
): number {
  const own = configs['min.insync.replicas'];
  const wanted = own === undefined ? defaults.minInsyncReplicas : Number(own);
  return Math.min(Number.isInteger(wanted) ? wanted : 1, replicas.length);
}

export function uncleanElectionAllowed(
  { defaults }: Pick<Rules, 'defaults'>,
  { configs }: Pick<TopicImage, 'configs'>,
): boolean {
  const own = configs['unclean.leader.election.enable'];
  return own === undefined ? defaults.uncleanElection : own.trim().toLowerCase() === 'true';
}

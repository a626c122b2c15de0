/**
 * What a replica does while it leads: follows its followers' fetches, says how far the high watermark may go, and asks
 * the controller for another in-sync set when one is due. Holds the pure `LeaderState` of one leader epoch; made and
 * closed by `replica.ts` with that epoch.
 *
 * What must hold: an answer to a proposal counts only while the epoch that it was made in lasts.
 */
import type { PartitionLog } from '@tidemark/log';
import { LeaderState, type FollowerProgress, type ProposedIsr } from '@tidemark/replication';
import { ErrorCode, buildLeaderChange } from '@tidemark/wire';
import { quorumSets, type PartitionImage, type ReplicationProtocol } from '../controller/metadata-image.js';
import type { IsrAnswer } from '../controller/partitions/isr-proposals.js';
import { SILENCE_MS_MAX } from './follower-checks.js';
import type { ReplicaContext } from './replica-context.js';

export interface LeaderRoleOptions {
  readonly context: ReplicaContext;
  readonly topic: string;
  readonly topicId: string;
  readonly image: PartitionImage;
  readonly protocol: ReplicationProtocol;
  readonly minInsyncReplicas: number;
  /** Where the first record of the epoch is, or will be. */
  readonly epochStart: number;
  /** The in-sync set has changed, or whether enough are: the watermark may move, or waiting is in vain. */
  readonly onChanged: () => void;
}

export class LeaderRole {
  readonly epochStart: number;
  private readonly state: LeaderState;
  private closed = false;

  constructor(private readonly options: LeaderRoleOptions) {
    const { context, image, protocol, minInsyncReplicas, epochStart } = options;
    this.epochStart = epochStart;
    this.state = new LeaderState(
      {
        localId: context.brokerId,
        protocol,
        epochStart,
        minInsyncReplicas,
        lagTimeMaxMs: context.lagTimeMaxMs,
        silenceMaxMs: SILENCE_MS_MAX,
        nowMs: context.clock.monotonic(),
        rules: context.rules.replication,
      },
      factsOf(image),
    );
    this.followBrokers();
  }

  get hasEnoughInSync(): boolean {
    return this.state.hasEnoughInSync;
  }

  get inSyncCount(): number {
    return this.state.isr.length;
  }

  get followers(): readonly FollowerProgress[] {
    return this.state.allFollowers();
  }

  set minInsyncReplicas(count: number) {
    this.state.minInsyncReplicas = count;
  }

  isFollower(brokerId: number): boolean {
    return this.state.follower(brokerId) !== undefined;
  }

  /** The same epoch goes on with other facts. */
  follow(image: PartitionImage): void {
    this.state.follow(factsOf(image), this.options.context.clock.monotonic());
    this.followBrokers();
  }

  /** Brokers were registered, fenced or unfenced. */
  followBrokers(): void {
    const brokers = this.options.context.brokers();
    for (const { brokerId } of this.state.allFollowers()) {
      const broker = brokers.get(brokerId);
      const admissible = broker !== undefined && !broker.fenced && !broker.inControlledShutdown;
      this.state.register(brokerId, admissible ? broker.epoch : -1);
    }
  }

  highWatermark(current: number, ownEnd: number): number {
    return this.state.highWatermark(current, ownEnd, this.options.context.clock.monotonic());
  }

  /** A follower asks for what comes from `fetchOffset` on, and so has what is below. */
  fetched(brokerId: number, brokerEpoch: number, fetchOffset: number, logEnd: number): void {
    const follower = this.state.follower(brokerId);
    follower?.fetched(brokerEpoch, fetchOffset, logEnd, this.options.context.clock.monotonic());
    // Whoever comes back ends the refusals at once, not at the next look.
    if (!this.state.hasEnoughInSync) this.checkMajority(logEnd);
  }

  /** After the watermark has moved, or not: somebody may join, or must go. Cheap when nobody does. */
  review(highWatermark: number, ownEnd: number): void {
    for (const follower of this.state.allFollowers()) {
      if (!this.state.hasNews(follower, highWatermark)) continue;
      this.propose(this.state.propose(highWatermark, ownEnd, this.options.context.clock.monotonic()));
      return;
    }
  }

  /** Now and then: who lags for too long, and what was asked and not answered. */
  check(highWatermark: number, ownEnd: number): void {
    const nowMs = this.options.context.clock.monotonic();
    this.checkMajority(ownEnd);
    this.propose(this.state.proposeAgain() ?? this.state.propose(highWatermark, ownEnd, nowMs));
  }

  close(): void {
    this.closed = true;
  }

  private checkMajority(ownEnd: number): void {
    const { context, topic, image, onChanged } = this.options;
    for (const follower of this.state.allFollowers())
      follower.heard(context.lastHeardMs(follower.brokerId), ownEnd);
    if (!this.state.checkMajority(context.clock.monotonic())) return;
    const { partition, leaderEpoch } = image;
    const where = { topic, partition, leaderEpoch };
    if (this.state.hasEnoughInSync) context.logger.info(where, 'a majority of the replicas is heard again');
    else context.logger.warn(where, 'no majority of the replicas is heard: acks=all is refused');
    onChanged();
  }

  private propose(proposed: ProposedIsr | undefined): void {
    if (proposed === undefined) return;
    const { context, topicId, image } = this.options;
    const ownEpoch = context.brokers().get(context.brokerId)?.epoch ?? -1;
    const newIsr = proposed.newIsr.map(({ brokerId, brokerEpoch }) => ({
      brokerId,
      brokerEpoch: brokerId === context.brokerId ? ownEpoch : context.rules.proposedEpoch(brokerEpoch),
    }));
    const { partition, leaderEpoch } = image;
    const { partitionEpoch } = proposed;
    context.proposals.propose(
      { topicId, partition, leaderEpoch, partitionEpoch, newIsr, recovering: false },
      (answer) => this.take(answer),
    );
  }

  private take(answer: IsrAnswer): void {
    if (this.closed) return;
    if (answer.error === ErrorCode.NONE) this.state.answered({ type: 'accepted', ...answer });
    else {
      // Only this error says that no earlier asking can have succeeded either.
      const type = answer.error === ErrorCode.INELIGIBLE_REPLICA ? 'refused' : 'unknown';
      this.state.answered({ type });
    }
    this.options.onChanged();
  }
}

/** Begins to lead in the image's epoch, which is in the log before any append of it. */
export function beginLeadership(
  log: PartitionLog,
  options: Omit<LeaderRoleOptions, 'epochStart'>,
): LeaderRole {
  const { image, protocol, context } = options;
  const { leaderEpoch, partition, recovering } = image;
  const isNew = log.latestEpoch < leaderEpoch;
  if (recovering && isNew) {
    const { topic } = log.identity;
    const found = { topic, partition, leaderEpoch, logEndOffset: log.logEndOffset };
    // Whoever allowed it is told from where on; how much it was, only the other replicas know.
    context.logger.warn(found, 'leads by an unclean election: what its log lacks is given up');
  }
  const began = isNew ? log.logEndOffset : log.endOffsetForEpoch(leaderEpoch - 1).endOffset;
  const epochStart = began === -1 ? log.logStartOffset : began;
  log.assignEpoch(leaderEpoch);
  // Entries of earlier epochs are committed with one of this epoch, and only with it (Raft's figure 8).
  if (protocol === 'quorum' && epochStart === log.logEndOffset) appendEpochStart(log, options);
  return new LeaderRole({ ...options, epochStart });
}

function appendEpochStart(
  log: PartitionLog,
  { context, image }: Omit<LeaderRoleOptions, 'epochStart'>,
): void {
  const { replicas, leaderEpoch, partition } = image;
  const voters = replicas.map((voterId) => ({ voterId }));
  const change = { leaderId: context.brokerId, voters, grantingVoters: [] };
  const batch = buildLeaderChange(change, { timestamp: context.clock.now() });
  const { error, errorMessage } = log.append(batch, { origin: 'coordinator', leaderEpoch });
  if (error === ErrorCode.NONE) return;
  const { topic } = log.identity;
  context.logger.error({ topic, partition, leaderEpoch, errorMessage }, 'the epoch start is not written');
}

function factsOf(image: PartitionImage) {
  const { replicas, isr, partitionEpoch } = image;
  return { replicas, isr, partitionEpoch, sets: quorumSets(image) };
}

/**
 * One partition of a follower's fetch session: what the follower asked for, and what it has been told. Holds its place
 * at the replica, which tells it of every change; it tells the session only of what the follower would want to know.
 *
 * What must hold: records are sent once for each place that the follower asks from; the place is an acknowledgement, and
 * counts only when the leader epoch, the follower and its broker's epoch are right and the logs agree up to it.
 */
import { ErrorCode } from '@tidemark/wire';
import { PartitionRead, type PartitionReadOptions } from '../partition-read.js';
import type { ReplicaObserver } from '../replica-context.js';
import type { Replica } from '../replica.js';

/** What a session partition tells its session. */
export interface SessionNews {
  /** The follower is to be answered: records, an error, another role. */
  answerDue(partition: SessionPartition): void;
  /** There is something to tell, but not worth an answer of its own. */
  mentionable(partition: SessionPartition): void;
}

export class SessionPartition implements ReplicaObserver {
  read: PartitionRead;
  /** In the session's list of what is to be answered. */
  queued = false;
  /** Answered with records or an error: nothing more before the follower asks from another place. */
  answered = false;
  private sentHighWatermark = -1;
  private sentLogStart = -1;

  constructor(
    readonly topicId: string,
    readonly partition: number,
    readonly replica: Replica | ErrorCode,
    asked: PartitionReadOptions,
    private readonly session: SessionNews,
  ) {
    this.read = new PartitionRead(asked, replica, true);
    if (typeof replica !== 'number') replica.observers.add(this);
  }

  /** The follower asks anew, and thereby acknowledges what is below. */
  ask(asked: PartitionReadOptions, brokerId: number, brokerEpoch: number): void {
    const { replica } = this;
    this.read = new PartitionRead(asked, replica, true);
    this.answered = false;
    // It may have asked before an earlier answer came, and then passes over what that one told.
    this.sentHighWatermark = this.sentLogStart = -1;
    this.look(brokerId);
    if (typeof replica !== 'number' && !this.read.decided) {
      replica.followerFetched(brokerId, brokerEpoch, asked.fetchOffset);
    }
    if (this.isWorthAnAnswer) this.session.answerDue(this);
    else this.session.mentionable(this);
  }

  /** Looks at the replica as it is now. */
  look(brokerId: number): void {
    const { replica, read } = this;
    read.look();
    if (read.decided || typeof replica === 'number') return;
    // A replica that the metadata here does not know of, or not yet.
    if (replica.leadership?.isFollower(brokerId) !== true) read.error = ErrorCode.NOT_LEADER_OR_FOLLOWER;
  }

  replicaChanged(): void {
    if (this.answered) return;
    if (this.isWorthAnAnswer) this.session.answerDue(this);
    else this.session.mentionable(this);
  }

  /** The watermark or the log start is another than the follower was told. */
  get hasMention(): boolean {
    const { highWatermark, logStartOffset } = this.read;
    return highWatermark !== this.sentHighWatermark || logStartOffset !== this.sentLogStart;
  }

  /** The answer that `read` holds has been encoded; the session gives its bytes back. */
  sent(): void {
    const { read } = this;
    this.answered = read.decided || (read.result?.bytes.length ?? 0) > 0;
    this.sentHighWatermark = read.highWatermark;
    this.sentLogStart = read.logStartOffset;
    read.result = undefined;
  }

  close(): void {
    this.read.release();
    if (typeof this.replica !== 'number') this.replica.observers.delete(this);
  }

  private get isWorthAnAnswer(): boolean {
    const { replica, read } = this;
    if (read.decided || typeof replica === 'number') return true;
    if (!replica.leading || replica.checkEpoch(read.asked.currentLeaderEpoch) !== ErrorCode.NONE) return true;
    return replica.log.writtenEnd > read.asked.fetchOffset;
  }
}

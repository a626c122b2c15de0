/**
 * One broker's part in the metadata quorum, put together: log, snapshots, the machine's driver, and the controller's
 * event log. Says who leads, and takes what the other members ask. Made by `broker.ts`; asked by the handlers of Vote,
 * BeginQuorumEpoch, EndQuorumEpoch, FetchSnapshot, DescribeQuorum and, for the metadata log, Fetch.
 *
 * What must hold: a broker that is not among the voters by id and directory never votes and never leads; who speaks for
 * another cluster gets an error and changes nothing.
 */
import { LogError, type PartitionLog } from '@tidemark/log';
import type { Clock, Disk, Random } from '@tidemark/platform';
import {
  isAmong,
  leaderOf,
  type QuorumRules,
  type QuorumState,
  type ReplicaKey,
} from '@tidemark/replication';
import type { Logger } from 'pino';
import type { Peers } from '../../peers/peers.js';
import type { Deadlines } from '../../replicas/deadlines.js';
import type { ControllerEvent } from '../controller-events.js';
import type { ControllerLeadership, Leadership } from '../controller-leadership.js';
import { electionFile } from './election-file.js';
import { MetadataLogView } from './metadata-log-view.js';
import { ParkedFetches } from './parked-fetches.js';
import { QuorumDriver } from './quorum-driver.js';
import { QuorumLog } from './quorum-log.js';
import { QuorumSender } from './quorum-sender.js';
import { Snapshots } from './snapshots.js';

export interface MetadataQuorumOptions {
  readonly log: PartitionLog;
  readonly dataDirectory: string;
  readonly clusterId: string;
  readonly me: ReplicaKey;
  /** All of them, at every broker; this one alone where none are configured. */
  readonly voters: readonly ReplicaKey[];
  readonly rules: QuorumRules;
  readonly clock: Clock;
  readonly random: Random;
  readonly disk: Disk;
  readonly deadlines: Deadlines;
  readonly logger: Logger;
  readonly peers: () => Peers;
  /** Saves the logs' starts and recovery points. */
  readonly checkpoint: () => void;
  readonly bytesBetweenSnapshots: number;
  /** The events that lead to the metadata as folded by now. */
  readonly snapshotOf: () => readonly ControllerEvent[];
}

/** How long a leader that stops waits for the others to hear of it, milliseconds. */
const RESIGN_GRACE_MS = 300;
const RESIGN_LOOK_MS = 5;

export class MetadataQuorum implements ControllerLeadership {
  /** Leaders that were seen here, since this process began. */
  leaderChanges = 0;
  readonly log: QuorumLog;
  readonly driver: QuorumDriver;
  readonly snapshots: Snapshots;
  private readonly listeners: ((leadership: Leadership) => void)[] = [];
  private told: Leadership;

  /** Throws `LogError('corrupt' | 'foreign')`. */
  constructor(private readonly options: MetadataQuorumOptions) {
    const { log, disk, dataDirectory, clock, me, voters, deadlines, logger } = options;
    const election = electionFile(disk, dataDirectory);
    if (election.read() === undefined) refuseForgetful(options);
    this.snapshots = new Snapshots(disk, log, options.checkpoint);
    this.log = new QuorumLog({
      log,
      snapshots: this.snapshots,
      clock,
      logger,
      state: () => this.driver.state,
      onAppended: () => this.driver.appended(),
      bytesBetweenSnapshots: options.bytesBetweenSnapshots,
      snapshotOf: options.snapshotOf,
    });
    const { clusterId, peers, random, rules } = options;
    this.driver = new QuorumDriver({
      me,
      voters,
      rules,
      log,
      view: new MetadataLogView(log, this.snapshots),
      snapshots: this.snapshots,
      election,
      clock,
      random,
      logger,
      sender: new QuorumSender({ peers, clusterId, me, logger }),
      fetches: (state) => new ParkedFetches(log, deadlines, state, me.id),
      onChanged: (state) => this.changed(state),
      // The controller hears of it as the reader of the log.
      onFailed: (error) => this.log.fail(error),
    });
    this.told = this.leadershipOf(this.driver.state);
    if (voters.some(({ id }) => id === me.id) && !this.isVoter) {
      logger.warn(
        { directoryId: me.directoryId },
        'this broker is a voter of the metadata quorum on another disk: it only watches, and never votes',
      );
    }
  }

  get clusterId(): string {
    return this.options.clusterId;
  }

  get me(): ReplicaKey {
    return this.options.me;
  }

  get isVoter(): boolean {
    return isAmong(this.options.voters, this.options.me);
  }

  get voters(): readonly ReplicaKey[] {
    return this.options.voters;
  }

  get state(): QuorumState {
    return this.driver.state;
  }

  get logStartOffset(): number {
    return this.options.log.logStartOffset;
  }

  get logEndOffset(): number {
    return this.options.log.logEndOffset;
  }

  get leadership(): Leadership {
    return this.told;
  }

  /** In which this voter has stood. */
  get elections(): number {
    return this.driver.elections;
  }

  onLeadership(listener: (leadership: Leadership) => void): void {
    this.listeners.push(listener);
  }

  /** Rejects with `LogError('corrupt')` before anything is voted or written on the strength of a damaged log. */
  async start(): Promise<void> {
    await this.log.check();
    this.driver.start();
  }

  /** In order: a leader hands over first. Alone there is nobody to hand over to, and it goes on until `stop`. */
  async resign(): Promise<void> {
    if (this.options.voters.length === 1) return;
    if (this.state.role === 'leader') await this.handOver();
    this.stop();
  }

  /** Whoever is elected says so by BeginQuorumEpoch, and is followed. */
  private handOver(): Promise<void> {
    const { clock } = this.options;
    const deadline = clock.monotonic() + RESIGN_GRACE_MS;
    this.driver.resign();
    return new Promise<void>((resolve) => {
      const look = (): void => {
        if (this.told.leaderId >= 0 || clock.monotonic() >= deadline) resolve();
        else clock.setTimer(RESIGN_LOOK_MS, look);
      };
      look();
    });
  }

  stop(): void {
    this.driver.stop();
  }

  private changed(state: QuorumState): void {
    this.log.settle(state);
    const now = this.leadershipOf(state);
    const { told } = this;
    this.told = now;
    if (now.leaderId >= 0 && (now.leaderId !== told.leaderId || now.epoch !== told.epoch))
      this.leaderChanges += 1;
    if (now.leaderId !== told.leaderId || now.epoch !== told.epoch || now.isLeader !== told.isLeader) {
      for (const listener of this.listeners) listener(now);
    }
    this.log.deliver();
  }

  private leadershipOf(state: QuorumState): Leadership {
    const leads = state.role === 'leader';
    const leaderId = leads || state.role === 'follower' ? leaderOf(state, this.options.me.id) : undefined;
    return { leaderId: leaderId ?? -1, epoch: state.epoch, isLeader: leads };
  }
}

/** A voter with a log and no memory of its votes might vote twice. Alone it decides for itself. */
function refuseForgetful({ log, voters, me, dataDirectory }: MetadataQuorumOptions): void {
  if (log.logEndOffset === 0 || voters.length === 1 || !isAmong(voters, me)) return;
  const lost = `${dataDirectory}/quorum-state is missing, and the metadata log is not empty`;
  throw new LogError('corrupt', `${lost}: this voter does not know any more what it voted`);
}

/**
 * The controller's face to the rest of the broker: takes commands, answers when they are committed, and shows the
 * metadata image to whoever listens. Runs the decider in a shard over the metadata log, on every broker; the one that
 * leads the log decides, the others only fold. Handlers call `submit`, replicas and coordinators `listen`, the drivers
 * of what only the active controller does (sessions, elections, balance) `onActive`.
 *
 * What must hold: listeners hear of nothing before the metadata is as new as it was when this broker came to the
 * cluster (its own registration has been folded), so that no log is made of a topic that was deleted long ago; then
 * they hear of every change once, in order, and before the replies to the commands that made it.
 */
import { Shard } from '@tidemark/decider';
import type { EventLog, Outcome, ShardFailure } from '@tidemark/decider';
import { assert } from '@tidemark/platform';
import { ErrorCode } from '@tidemark/wire';
import { controllerDecider } from './controller.decider.js';
import type { ControllerCommand, ControllerReplies, ControllerReply } from './controller-commands.js';
import type { ControllerEvent } from './controller-events.js';
import type { ControllerLeadership, Leadership } from './controller-leadership.js';
import type { MetadataDelta, MetadataImage, MetadataListener } from './metadata-image.js';
import type { MetadataState } from './metadata-state.js';
import type { TopicDefaults } from './partitions/rules.js';

export interface ControllerOptions {
  readonly clusterId: string;
  readonly log: EventLog<ControllerEvent>;
  readonly leadership: ControllerLeadership;
  readonly defaults: TopicDefaults;
  /** The metadata log cannot be used any more; the broker cannot go on. */
  readonly onFailed: (error: Error) => void;
}

/** A committed answer, or why there is none (retriable, all of them). */
export type ControllerAnswer<Type extends ControllerCommand['type']> =
  { readonly reply: ControllerReplies[Type] } | { readonly error: ErrorCode };

/** What a client is told when its command got no answer. In doubt looks like a timeout: try again, or look. */
const FAILURES: Record<ShardFailure, ErrorCode> = {
  overloaded: ErrorCode.REQUEST_TIMED_OUT,
  'not-owner': ErrorCode.NOT_CONTROLLER,
  refused: ErrorCode.KAFKA_STORAGE_ERROR,
  'too-large': ErrorCode.POLICY_VIOLATION,
  'in-doubt': ErrorCode.REQUEST_TIMED_OUT,
};

export class Controller {
  readonly #shard: Shard<MetadataState, ControllerCommand, ControllerEvent, ControllerReply, never>;
  readonly #options: ControllerOptions;
  readonly #listeners: MetadataListener[] = [];
  readonly #activeListeners: ((active: boolean) => void)[] = [];
  readonly #leaderListeners: ((leadership: Leadership) => void)[] = [];
  #leadership: Leadership;
  #active = false;
  /** Listeners are told of everything. */
  #telling = false;
  /** What has to be folded before they are. */
  #tellFrom = Number.POSITIVE_INFINITY;
  #loaded: (() => void) | undefined;
  #failed: ((error: Error) => void) | undefined;

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.#leadership = options.leadership.leadership;
    this.#shard = new Shard({
      decider: controllerDecider(options.clusterId, options.defaults),
      log: options.log,
      onRead: ({ state, position }) => {
        if (this.#telling) this.#tell(state.takeDelta());
        else if (position > this.#tellFrom) this.#beginTelling();
      },
      onDeciding: () => {
        this.#beginTelling();
        if (this.#leadership.isLeader) this.#become(true);
      },
      onStopped: (error) => {
        this.#become(false);
        this.#failed?.(error);
        options.onFailed(error);
      },
    });
  }

  /** Resolves when the listeners have been told of everything there was; rejects when the log cannot be read. */
  start(): Promise<void> {
    this.#options.leadership.onLeadership((leadership) => this.#led(leadership));
    return new Promise((resolve, reject) => {
      this.#loaded = resolve;
      this.#failed = reject;
      this.#leadership = this.#options.leadership.leadership;
      this.#shard.start();
    });
  }

  stop(): void {
    this.#become(false);
    this.#shard.stop();
  }

  /** Whether this broker decides: it leads the metadata quorum, and has folded all that was decided before. */
  get active(): boolean {
    return this.#active;
  }

  /** Who leads the metadata quorum, as far as this broker knows; -1 when it does not. */
  get leaderId(): number {
    return this.#leadership.leaderId;
  }

  /** Of the metadata quorum. */
  get leaderEpoch(): number {
    return this.#leadership.epoch;
  }

  /** The newest committed metadata that this broker has folded. */
  get image(): MetadataImage {
    return this.#shard.state;
  }

  /** What leads from nothing to the metadata as folded by now: a snapshot's content. */
  toEvents(): ControllerEvent[] {
    return this.#shard.state.toEvents();
  }

  /** The last metadata offset that this broker and all its listeners know; -1 before they know any. */
  get knownOffset(): number {
    return this.#telling ? this.#shard.position - 1 : -1;
  }

  /** The offset that makes the metadata new enough for listeners, which is that of this broker's registration. */
  tellFrom(offset: number): void {
    this.#tellFrom = offset;
    if (this.#shard.position > offset) this.#beginTelling();
  }

  /**
   * Calls back after each change, before the replies to the commands that made it. Whoever listens before `start`
   * is told of everything once when it is loaded; whoever comes later, at once.
   */
  listen(listener: MetadataListener): void {
    this.#listeners.push(listener);
    if (!this.#telling) return;
    const { image } = this;
    listener(image, {
      createdTopics: [...image.topics.values()],
      deletedTopics: [],
      changedTopics: [],
      brokersChanged: image.brokers.size > 0,
    });
  }

  /** Calls back when this broker begins to decide and when it no longer does. */
  onActive(listener: (active: boolean) => void): void {
    this.#activeListeners.push(listener);
    if (this.#active) listener(true);
  }

  /** Calls back when another broker leads the metadata quorum, or none. */
  onLeader(listener: (leadership: Leadership) => void): void {
    this.#leaderListeners.push(listener);
  }

  /**
   * `done` is called once, when the command's events are committed and folded here; perhaps before this returns.
   * NOT_CONTROLLER where another broker leads; while this one has not folded everything yet, commands wait.
   */
  submit<Command extends ControllerCommand>(
    command: Command,
    done: (answer: ControllerAnswer<Command['type']>) => void,
  ): void {
    if (!this.#leadership.isLeader) {
      done({ error: ErrorCode.NOT_CONTROLLER });
      return;
    }
    this.#shard.submit(command, (outcome: Outcome<ControllerReply, never>) => {
      if ('failed' in outcome) {
        done({ error: FAILURES[outcome.failed] });
        return;
      }
      assert('reply' in outcome, 'the controller refuses items, never whole commands');
      // The decider answers each command with the reply of its type (ControllerReplies).
      done({ reply: outcome.reply as ControllerReplies[Command['type']] });
    });
  }

  #led(leadership: Leadership): void {
    const before = this.#leadership;
    this.#leadership = leadership;
    const gained = leadership.isLeader && (!before.isLeader || before.epoch !== leadership.epoch);
    if (before.isLeader && (!leadership.isLeader || gained)) {
      this.#become(false);
      this.#shard.resign();
    }
    if (gained) this.#shard.reload();
    for (const listener of this.#leaderListeners) listener(leadership);
  }

  #become(active: boolean): void {
    if (active === this.#active) return;
    this.#active = active;
    for (const listener of this.#activeListeners) listener(active);
  }

  #beginTelling(): void {
    if (this.#telling) return;
    this.#telling = true;
    this.#tell(this.#shard.state.takeDelta());
    this.#loaded?.();
  }

  #tell(delta: MetadataDelta): void {
    for (const listener of this.#listeners) listener(this.image, delta);
  }
}

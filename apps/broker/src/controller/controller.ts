/**
 * The controller's face to the rest of the broker: takes commands, answers when they are committed, and shows the
 * metadata image to whoever listens. Runs the decider in a shard over the metadata log. Handlers call `submit`,
 * replicas and coordinators `listen`. Which broker decides, and when an event is committed, is the metadata log's
 * business (`metadata-log.ts`): nothing here knows how many brokers there are.
 */
import { Shard } from '@tidemark/decider';
import type { EventLog, Outcome, ShardFailure } from '@tidemark/decider';
import { assert } from '@tidemark/platform';
import { ErrorCode } from '@tidemark/wire';
import { controllerDecider } from './controller.decider.js';
import type { ControllerCommand, ControllerReplies, ControllerReply } from './controller-commands.js';
import type { ControllerEvent } from './controller-events.js';
import type { MetadataDelta, MetadataImage, MetadataListener } from './metadata-image.js';
import type { MetadataState } from './metadata-state.js';
import type { TopicDefaults } from './partitions/rules.js';

export interface ControllerOptions {
  readonly clusterId: string;
  readonly log: EventLog<ControllerEvent>;
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
  readonly #listeners: MetadataListener[] = [];
  readonly #onFailed: (error: Error) => void;
  #loaded: (() => void) | undefined;
  #failed: ((error: Error) => void) | undefined;

  constructor(options: ControllerOptions) {
    this.#onFailed = options.onFailed;
    this.#shard = new Shard({
      decider: controllerDecider(options.clusterId, options.defaults),
      log: options.log,
      onRead: ({ state, live }) => {
        if (live) this.#tell(state.takeDelta());
      },
      onReady: (state) => {
        this.#tell(state.takeDelta());
        this.#loaded?.();
      },
      onStopped: (error) => {
        this.#failed?.(error);
        this.#onFailed(error);
      },
    });
  }

  /** Resolves when the metadata log has been folded to its end and the listeners know; rejects when it cannot be. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#loaded = resolve;
      this.#failed = reject;
      this.#shard.start();
    });
  }

  stop(): void {
    this.#shard.stop();
  }

  /** The newest committed metadata that this broker has folded. */
  get image(): MetadataImage {
    return this.#shard.state;
  }

  /**
   * Calls back after each change, before the replies to the commands that made it. Whoever listens before `start`
   * is told of everything once when it is loaded; whoever comes later, at once.
   */
  listen(listener: MetadataListener): void {
    this.#listeners.push(listener);
    if (this.#shard.phase === 'loading') return;
    const { image } = this;
    listener(image, {
      createdTopics: [...image.topics.values()],
      deletedTopics: [],
      changedTopics: [],
      brokersChanged: image.brokers.size > 0,
    });
  }

  /** `done` is called once, when the command's events are committed and folded here; perhaps before this returns. */
  submit<Command extends ControllerCommand>(
    command: Command,
    done: (answer: ControllerAnswer<Command['type']>) => void,
  ): void {
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

  #tell(delta: MetadataDelta): void {
    for (const listener of this.#listeners) listener(this.image, delta);
  }
}

/**
 * A controller for specs of what drives it: decides on a `ClusterStory` at once and tells its listeners, or holds its
 * answers back. Whether it is the active one is the spec's to say.
 */
import type { ControllerAnswer } from '../controller/controller.js';
import type { ControllerCommand } from '../controller/controller-commands.js';
import type { Leadership } from '../controller/controller-leadership.js';
import type { MetadataImage, MetadataListener } from '../controller/metadata-image.js';
import type { ErrorCode } from '@tidemark/wire';
import type { ClusterStory } from './cluster-story.js';

export class ScriptedController {
  active = false;
  leaderId = 1;
  leaderEpoch = 1;
  knownOffset = -1;
  toldFrom = -1;
  /** What every command is answered with instead of being decided. */
  refuseWith: ErrorCode | undefined;
  readonly commands: ControllerCommand[] = [];
  private readonly listeners: MetadataListener[] = [];
  private readonly activeListeners: ((active: boolean) => void)[] = [];
  private readonly leaderListeners: ((leadership: Leadership) => void)[] = [];

  constructor(readonly story: ClusterStory) {}

  get image(): MetadataImage {
    return this.story.state;
  }

  become(active: boolean): void {
    this.active = active;
    for (const listener of this.activeListeners) listener(active);
  }

  lead(leaderId: number): void {
    this.leaderId = leaderId;
    const leadership = { leaderId, epoch: this.leaderEpoch, isLeader: leaderId === 1 };
    for (const listener of this.leaderListeners) listener(leadership);
  }

  /** Something was committed; by default what the story has just been told. */
  tell(): void {
    for (const listener of this.listeners) listener(this.image, this.story.state.takeDelta());
  }

  submit<Command extends ControllerCommand>(
    command: Command,
    done: (answer: ControllerAnswer<Command['type']>) => void,
  ): void {
    this.commands.push(command);
    if (this.refuseWith !== undefined) {
      done({ error: this.refuseWith });
      return;
    }
    const reply = this.story.decide(command);
    this.tell();
    done({ reply });
  }

  listen(listener: MetadataListener): void {
    this.listeners.push(listener);
  }

  onActive(listener: (active: boolean) => void): void {
    this.activeListeners.push(listener);
  }

  onLeader(listener: (leadership: Leadership) => void): void {
    this.leaderListeners.push(listener);
  }

  tellFrom(offset: number): void {
    this.toldFrom = offset;
  }
}

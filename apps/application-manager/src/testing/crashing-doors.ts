/**
 * A process that dies after its n-th act, without dying: from then on no door does anything, no call that is waited for
 * comes back and no timer fires, which is all that a killed process has in common with a living one. Acts are calls that
 * change the outside world: published batches, started processes, files made, renamed and removed.
 */
import { DiskError, type Clock, type Disk, type FileTree, type Processes } from '@tidemark/platform';
import { nodeClock, nodeDisk, nodeFileTree, nodeProcesses } from '@tidemark/platform/node';
import type { Topics } from '@tidemark/service';

export interface Doors {
  readonly clock: Clock;
  readonly disk: Disk;
  readonly files: FileTree;
  readonly processes: Processes;
}

const ACTS = new Set([
  'publish',
  'spawn',
  'claimDirectorySync',
  'openSync',
  'renameSync',
  'makeDirectorySync',
  'removeSync',
  'signal',
]);
const READ_ONLY = 'read';

export class CrashingDoors {
  /** Acts so far, by name. */
  readonly acts: string[] = [];
  crashed = false;
  readonly doors: Doors;

  #crashAfter = Infinity;

  constructor() {
    const clock: Clock = {
      now: () => nodeClock.now(),
      monotonic: () => nodeClock.monotonic(),
      setTimer: (delayMs, fire) => nodeClock.setTimer(delayMs, this.unlessCrashed(fire)),
      defer: (fire) => nodeClock.defer(this.unlessCrashed(fire)),
    };
    this.doors = {
      clock,
      disk: this.wrap(nodeDisk),
      files: this.wrap(nodeFileTree),
      processes: this.wrap(nodeProcesses),
    };
  }

  /** To die after that many acts more; 0 is never. */
  dieAfter(acts: number): void {
    this.#crashAfter = acts === 0 ? Infinity : this.acts.length + acts;
  }

  wrapTopics(topics: Topics): Topics {
    return this.wrap(topics);
  }

  private unlessCrashed(fire: () => void): () => void {
    return () => {
      if (!this.crashed) fire();
    };
  }

  private wrap<T extends object>(door: T): T {
    return new Proxy(door, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]) =>
          this.call(String(name), () => member.apply(target, args) as unknown, args);
      },
    });
  }

  private call(name: string, act: () => unknown, args: readonly unknown[]): unknown {
    if (this.crashed) return this.neverOrThrow(name);
    const result = act();
    if (!ACTS.has(name) || (name === 'openSync' && args[1] === READ_ONLY)) return result;
    this.acts.push(name);
    if (this.acts.length !== this.#crashAfter) return result;
    this.crashed = true;
    return result instanceof Promise ? new Promise(() => undefined) : this.neverOrThrow(name);
  }

  /** A synchronous call cannot be left without an end, but nobody who catches this can act any more. */
  private neverOrThrow(name: string): Promise<never> {
    if (name.endsWith('Sync') || name === 'signal') throw new DiskError('io', name, 'this process is dead');
    return new Promise(() => undefined);
  }
}

/**
 * How many jobs run at once on this machine, over all replicas and restarts: slot n is the file `<jobs>/.slots/n`, which
 * names the job that has it. It is free again when that job has an exit record, is lost or was revoked, whoever notices;
 * nothing depends on a manager having lived to give it back. In memory: who waits here, first come first served.
 *
 * The limit protects the machine, not the jobs: exactly one launch is the claim's business, not this one's.
 */
import { join } from 'node:path';
import {
  DiskError,
  readFully,
  writeFully,
  type Clock,
  type Disk,
  type FileTree,
  type Timer,
} from '@tidemark/platform';
import { exitRecord, JOB_FILE_NAMES, JOB_FILES, ownerRecord, parseRecord } from './job-records.js';

export interface SlotsOptions {
  readonly disk: Disk;
  readonly files: FileTree;
  readonly clock: Clock;
  readonly jobsDirectory: string;
  readonly count: number;
}

interface Waiter {
  readonly token: string;
  readonly grant: () => void;
}

const POLL_MS = 50;
/** A slot whose job has no claim after this time was taken by a manager that died before launching. */
const UNCLAIMED_MAX_MS = 60_000;

export class Slots {
  readonly #options: SlotsOptions;
  readonly #directory: string;
  /** Held here, so that asking again costs nothing: token -> slot. */
  readonly #held = new Map<string, number>();
  readonly #queue: Waiter[] = [];
  #timer: Timer | undefined;

  constructor(options: SlotsOptions) {
    this.#options = options;
    this.#directory = join(options.jobsDirectory, '.slots');
    options.disk.makeDirectorySync(this.#directory);
  }

  /** Processes of this replica that wait for a slot. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** False when every slot is taken, or others have waited for longer. */
  takeAtOnce(token: string): boolean {
    return this.#queue.length === 0 && this.#tryTake(token);
  }

  /**
   * Resolves when the token has a slot; rejects with the signal's reason. `onWait` is called once when it has to wait.
   */
  take(token: string, signal: AbortSignal, onWait: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason as Error);
        return;
      }
      if (this.takeAtOnce(token)) {
        resolve();
        return;
      }
      const leave = (): void => {
        this.#queue.splice(this.#queue.indexOf(waiter), 1);
        reject(signal.reason as Error);
      };
      const grant = (): void => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const waiter: Waiter = { token, grant };
      signal.addEventListener('abort', leave, { once: true });
      this.#queue.push(waiter);
      onWait();
      this.#schedule();
    });
  }

  /**
   * The job has ended or will never begin. Giving back what one does not have changes nothing; what the disk refuses
   * is made good by whoever next looks at the slot.
   */
  giveBack(token: string): void {
    try {
      const slot = this.#slotOf(token);
      this.#held.delete(token);
      if (slot !== undefined && this.#holder(slot) === token) this.#options.disk.removeSync(this.#path(slot));
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
    }
    this.#serve();
  }

  /** First come, first served; slots that other replicas' jobs leave are noticed by looking. */
  #serve(): void {
    try {
      for (;;) {
        const first = this.#queue[0];
        if (first === undefined || !this.#tryTake(first.token)) break;
        this.#queue.shift();
        first.grant();
      }
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
    }
    this.#schedule();
  }

  #schedule(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#queue.length === 0) return;
    this.#timer = this.#options.clock.setTimer(POLL_MS, () => {
      this.#serve();
    });
  }

  #tryTake(token: string): boolean {
    if (this.#slotOf(token) !== undefined) return true;
    for (let slot = 0; slot < this.#options.count; slot += 1) {
      if (!this.#isFree(slot) || !this.#occupy(slot, token)) continue;
      this.#held.set(token, slot);
      return true;
    }
    return false;
  }

  #slotOf(token: string): number | undefined {
    const held = this.#held.get(token);
    if (held !== undefined && this.#holder(held) === token) return held;
    for (let slot = 0; slot < this.#options.count; slot += 1) if (this.#holder(slot) === token) return slot;
    return undefined;
  }

  /** Also removes what a finished job, or a manager that died, has left in it. */
  #isFree(slot: number): boolean {
    const { files, disk, clock } = this.#options;
    const entry = files.describeSync(this.#path(slot));
    if (entry === undefined) return true;
    const holder = this.#holder(slot);
    const old = clock.now() - entry.modifiedAt > UNCLAIMED_MAX_MS;
    if (holder === undefined ? !old : !this.#isOver(holder, old)) return false;
    disk.removeSync(this.#path(slot));
    return true;
  }

  #isOver(token: string, old: boolean): boolean {
    const folder = join(this.#options.jobsDirectory, token, JOB_FILES);
    if (this.#options.files.describeSync(join(folder, JOB_FILE_NAMES.lost)) !== undefined) return true;
    if (parseRecord(exitRecord, this.#read(join(folder, JOB_FILE_NAMES.exit))) !== undefined) return true;
    const owner = parseRecord(ownerRecord, this.#read(join(folder, JOB_FILE_NAMES.owner)));
    if (owner !== undefined) return 'revokedBy' in owner;
    return old && this.#options.files.describeSync(join(folder, JOB_FILE_NAMES.claim)) === undefined;
  }

  #occupy(slot: number, token: string): boolean {
    try {
      const file = this.#options.disk.openSync(this.#path(slot), 'create');
      const bytes = new TextEncoder().encode(token);
      writeFully(file, bytes, 0, bytes.length, 0);
      file.closeSync();
      return true;
    } catch (error) {
      if (error instanceof DiskError && error.code === 'exists') return false;
      throw error;
    }
  }

  /** Nothing when the slot is free, or was taken a moment ago by somebody who has not written a name yet. */
  #holder(slot: number): string | undefined {
    const bytes = this.#read(this.#path(slot));
    return bytes === undefined || bytes.length === 0 ? undefined : new TextDecoder().decode(bytes);
  }

  #read(path: string): Uint8Array | undefined {
    try {
      return readFully(this.#options.disk, path);
    } catch (error) {
      if (error instanceof DiskError && error.code === 'not-found') return undefined;
      throw error;
    }
  }

  #path(slot: number): string {
    return join(this.#directory, String(slot));
  }
}

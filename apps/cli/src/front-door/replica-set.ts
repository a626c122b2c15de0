/**
 * The API replicas as the front door sees them. Holds, per replica, where it listens, how it answered last and how
 * many requests it has under way. Learns of replicas from their run files (watched, and looked at again twice a
 * second because watches get lost), and of their health by asking.
 *
 * What must hold: a replica whose process is gone is never picked, however fresh its run file looks.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { ProcessIdentity } from '@tidemark/platform';
import { nodeProcesses } from '@tidemark/platform/node';
import { livingRunFiles } from '../stack/run-file.js';

/** `ready` does its work, `answering` lives but says it is not ready, `silent` has not answered (yet). */
export type Health = 'ready' | 'answering' | 'silent';

/** The healthiest first. */
const ORDER: Readonly<Record<Health, number>> = { ready: 0, answering: 1, silent: 2 };

export interface Replica {
  readonly name: string;
  readonly identity: ProcessIdentity;
  readonly origin: string;
  health: Health;
  underWay: number;
}

const LOOK_EVERY_MS = 500;
const HEALTH_BOUND_MS = 1_000;

export class ReplicaSet {
  #replicas: Replica[] = [];
  #turn = 0;
  #watcher: fs.FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #checking = new Set<Replica>();
  readonly #waiting = new Set<() => void>();

  constructor(
    private readonly runDirectory: string,
    private readonly kind = 'api-server',
  ) {}

  get replicas(): readonly Replica[] {
    return this.#replicas;
  }

  /** Begins to look; once more begins anew. */
  start(): void {
    this.stop();
    this.#look();
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
    try {
      this.#watcher = fs.watch(this.runDirectory, (_event, name) => {
        if (name === null || path.basename(name).startsWith(this.kind)) this.#look();
      });
      this.#watcher.on('error', () => undefined);
    } catch {
      // The interval alone finds them, only later.
    }
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#watcher?.close();
  }

  /** The least busy of the healthiest living replicas, not among those `tried`; they take turns at a tie. */
  pick(tried: ReadonlySet<Replica>): Replica | undefined {
    const first = this.#turn++ % Math.max(1, this.#replicas.length);
    const inTurn = [...this.#replicas.slice(first), ...this.#replicas.slice(0, first)];
    return (
      inTurn
        .filter((replica) => !tried.has(replica) && replica.health !== 'silent')
        .sort((one, other) => ORDER[one.health] - ORDER[other.health] || one.underWay - other.underWay)
        // Looking whether a process lives reads a file: only of the one that is wanted, until one does.
        .find((replica) => nodeProcesses.isAlive(replica.identity))
    );
  }

  /** Notes that a replica did not answer a request; it is asked for its health before it gets another. */
  suspect(replica: Replica): void {
    replica.health = 'silent';
    void this.#check(replica);
  }

  /** Resolves when something changed for the better, or after `boundMs`. */
  change(boundMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, boundMs);
      this.#waiting.add(done);
    });
  }

  #look(): void {
    const living = livingRunFiles(this.runDirectory).filter((run) => run.kind === this.kind);
    this.#replicas = living.flatMap((run) => {
      const known = this.#replicas.find(
        (replica) => replica.name === run.name && isSame(replica.identity, run),
      );
      const address = run.addresses.http;
      if (known !== undefined) return [known];
      if (address === undefined) return [];
      const identity = { pid: run.pid, startTime: run.startTime, bootId: run.bootId };
      return [{ name: run.name, identity, origin: `http://${address}`, health: 'silent', underWay: 0 }];
    });
    for (const replica of this.#replicas) void this.#check(replica);
  }

  async #check(replica: Replica): Promise<void> {
    if (this.#checking.has(replica)) return;
    this.#checking.add(replica);
    const before = replica.health;
    try {
      const response = await fetch(`${replica.origin}/readyz`, {
        signal: AbortSignal.timeout(HEALTH_BOUND_MS),
      });
      await response.arrayBuffer();
      replica.health = response.ok ? 'ready' : 'answering';
    } catch {
      replica.health = 'silent';
    } finally {
      this.#checking.delete(replica);
    }
    if (replica.health === before || replica.health === 'silent') return;
    for (const wake of [...this.#waiting]) wake();
  }
}

function isSame(one: ProcessIdentity, other: ProcessIdentity): boolean {
  return one.pid === other.pid && one.startTime === other.startTime && one.bootId === other.bootId;
}

/**
 * The real doors for a broker that is to die as if killed: from `die` on nothing of it runs any more. Its timers do not
 * fire, what it waited for never comes, its connections are reset and its port refuses; what it wrote stays on the disk
 * and the lock is free. For specs that kill one of several brokers in their process.
 */
import type {
  Clock,
  Connection,
  ConnectionOwner,
  Disk,
  DiskFile,
  Listener,
  Network,
  Timer,
} from '@tidemark/platform';
import { nodeClock, nodeDisk, nodeNetwork, nodeRandom } from '@tidemark/platform/node';
import type { BrokerDoors } from '../../broker.js';

export class MortalDoors implements BrokerDoors {
  readonly random = nodeRandom;
  readonly clock: Clock;
  readonly disk: Disk;
  readonly network: Network;
  private dead = false;
  private readonly connections = new Set<Connection>();
  private readonly listeners = new Set<Listener>();
  private readonly locks = new Set<{ release(): void }>();

  constructor() {
    this.clock = this.mortalClock();
    this.disk = this.mortalDisk();
    this.network = this.mortalNetwork();
  }

  /** Resolves when the port is closed. */
  async die(): Promise<void> {
    this.dead = true;
    for (const connection of this.connections) connection.destroy();
    for (const lock of this.locks) lock.release();
    await Promise.all([...this.listeners].map((listener) => listener.close()));
  }

  private alive<Arguments extends unknown[]>(
    run: (...given: Arguments) => void,
  ): (...given: Arguments) => void {
    return (...given) => {
      if (!this.dead) run(...given);
    };
  }

  /** What comes after death comes never. */
  private pending<T>(waited: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      waited.then(
        this.alive((value: T) => resolve(value)),
        this.alive((error: unknown) => reject(error as Error)),
      );
    });
  }

  private mortalClock(): Clock {
    return {
      now: () => nodeClock.now(),
      monotonic: () => nodeClock.monotonic(),
      setTimer: (delayMs, fire): Timer => nodeClock.setTimer(delayMs, this.alive(fire)),
      defer: (fire) => nodeClock.defer(this.alive(fire)),
    };
  }

  private mortalDisk(): Disk {
    const disk: Disk = Object.create(nodeDisk) as Disk;
    disk.openSync = (path, mode) => this.mortalFile(nodeDisk.openSync(path, mode));
    disk.remove = (path) => this.pending(nodeDisk.remove(path));
    disk.lockDirectorySync = (path) => {
      const lock = nodeDisk.lockDirectorySync(path);
      if (!('heldBy' in lock)) this.locks.add(lock);
      return lock;
    };
    return disk;
  }

  private mortalFile(file: DiskFile): DiskFile {
    return {
      path: file.path,
      readSync: (...given) => file.readSync(...given),
      read: (...given) => this.pending(file.read(...given)),
      writeSync: (...given) => file.writeSync(...given),
      write: (...given) => this.pending(file.write(...given)),
      sync: () => this.pending(file.sync()),
      syncSync: () => file.syncSync(),
      truncateSync: (length) => file.truncateSync(length),
      sizeSync: () => file.sizeSync(),
      closeSync: () => file.closeSync(),
    };
  }

  private mortalNetwork(): Network {
    return {
      listen: async (address, accept) => {
        const listener = await nodeNetwork.listen(address, (connection) => {
          if (this.dead) connection.destroy();
          else accept(this.mortalConnection(connection));
        });
        this.listeners.add(listener);
        return listener;
      },
      connect: (address, timeoutMs) =>
        this.pending(nodeNetwork.connect(address, timeoutMs).then((made) => this.mortalConnection(made))),
    };
  }

  private mortalConnection(connection: Connection): Connection {
    if (this.dead) connection.destroy();
    this.connections.add(connection);
    const attach = connection.attach.bind(connection);
    connection.attach = (owner: ConnectionOwner): void =>
      attach({
        receiveSpace: () => owner.receiveSpace(),
        received: this.alive((count: number) => owner.received(count)),
        drained: this.alive(() => owner.drained()),
        closed: (byPeer, error) => {
          this.connections.delete(connection);
          if (!this.dead) owner.closed(byPeer, error);
        },
      });
    return connection;
  }
}

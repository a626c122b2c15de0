/**
 * Several real brokers in this process that form one cluster, over real sockets and disks of their own: for specs of
 * what brokers do together. Each may be killed, as if by the system, and started anew on its directory.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '@tidemark/platform/testing';
import { pino } from 'pino';
import { Broker } from '../../broker.js';
import type { Environment } from '../../config.js';
import { MortalDoors } from './mortal-doors.js';
import { configOf } from '../running-broker.js';

export class ClusterMember {
  private doors: MortalDoors | undefined;
  private running: Broker | undefined;
  /** What it said of its metadata when it could not go on. */
  failure: Error | undefined;

  constructor(
    readonly id: number,
    readonly port: number,
    readonly directoryId: string,
    readonly directory: string,
    private readonly environment: Environment,
  ) {}

  /** Throws while it does not run. */
  get broker(): Broker {
    if (this.running === undefined) throw new Error(`broker ${this.id} does not run`);
    return this.running;
  }

  get isRunning(): boolean {
    return this.running !== undefined;
  }

  /** Resolves when it has joined the cluster, which takes a majority of the voters. */
  async start(settings: Environment = {}): Promise<void> {
    // Admin HTTP is not behind the doors: it would outlive a kill.
    const config = { ...configOf({ ...this.environment, ...settings }), adminListen: undefined };
    this.doors = new MortalDoors();
    this.failure = undefined;
    this.running = new Broker({
      config,
      doors: this.doors,
      logger: pino({ level: config.logLevel, base: { name: config.name } }),
      onFailed: (error) => {
        this.failure = error;
      },
    });
    await this.running.start();
  }

  /** Nothing of it runs any more when this resolves; nobody was told. */
  async kill(): Promise<void> {
    this.running = undefined;
    await this.doors?.die();
  }

  async stop(): Promise<void> {
    const { running } = this;
    this.running = undefined;
    await running?.stop();
  }
}

export class MortalCluster {
  private constructor(readonly members: readonly ClusterMember[]) {}

  /** Members that are not started yet. */
  static async of(size: number, settings: Environment = {}): Promise<MortalCluster> {
    const ports = await freePorts(size);
    const places = ports.map((port, index) => ({ id: index + 1, port, directoryId: randomUUID() }));
    const voters = places.map(({ id, port, directoryId }) => `${id}@127.0.0.1:${port}:${directoryId}`);
    const members = places.map(({ id, port, directoryId }) => {
      const directory = mkdtempSync(join(tmpdir(), `tidemark-cluster-spec-${id}-`));
      const environment = {
        TIDEMARK_NODE_ID: String(id),
        TIDEMARK_LISTEN: `127.0.0.1:${port}`,
        TIDEMARK_VOTERS: voters.join(','),
        TIDEMARK_DIRECTORY_ID: directoryId,
        TIDEMARK_DATA: directory,
        ...settings,
      };
      return new ClusterMember(id, port, directoryId, directory, environment);
    });
    return new MortalCluster(members);
  }

  static async start(size: number, settings: Environment = {}): Promise<MortalCluster> {
    const cluster = await MortalCluster.of(size, settings);
    await Promise.all(cluster.members.map((member) => member.start()));
    return cluster;
  }

  get running(): readonly ClusterMember[] {
    return this.members.filter(({ isRunning }) => isRunning);
  }

  member(id: number): ClusterMember {
    const found = this.members.find((member) => member.id === id);
    if (found === undefined) throw new Error(`there is no member ${id}`);
    return found;
  }

  /** The member that decides, in the latest epoch that anybody knows; nothing while there is none. */
  get active(): ClusterMember | undefined {
    const latest = Math.max(...this.running.map(({ broker }) => broker.quorum.state.epoch));
    return this.running.find(
      ({ broker }) => broker.controller.active && broker.quorum.state.epoch === latest,
    );
  }

  async stop(): Promise<void> {
    await Promise.all(this.running.map((member) => member.stop()));
    for (const { directory } of this.members) rmSync(directory, { recursive: true, force: true });
  }
}

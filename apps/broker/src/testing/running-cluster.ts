/**
 * Three real brokers in this process for specs, voters of one metadata quorum: real disks, real sockets on free ports.
 * A broker can be stopped in order and started again on its directory.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '@tidemark/platform/testing';
import type { Broker } from '../broker.js';
import type { Environment } from '../config.js';
import { RawClient } from './raw-client.js';
import { brokerOf, until } from './running-broker.js';

const HOST = '127.0.0.1';
const directoryIdOf = (id: number): string => `00000000-0000-4000-8000-00000000000${id}`;

export class RunningCluster {
  private readonly brokers = new Map<number, Broker>();
  private readonly clients: RawClient[] = [];

  private constructor(
    private readonly base: string,
    private readonly ports: ReadonlyMap<number, number>,
    private readonly settings: Environment,
  ) {}

  static async start(settings: Environment = {}): Promise<RunningCluster> {
    const base = mkdtempSync(join(tmpdir(), 'tidemark-cluster-spec-'));
    const ports = new Map((await freePorts(3)).map((port, index) => [index + 1, port]));
    const cluster = new RunningCluster(base, ports, settings);
    await Promise.all([1, 2, 3].map((id) => cluster.startBroker(id)));
    // Each answers from its own copy of the metadata, and so each must have seen the others come.
    await until(() => cluster.running.every((broker) => aliveIn(broker).length === 3));
    return cluster;
  }

  get running(): Broker[] {
    return [...this.brokers.values()];
  }

  broker(id: number): Broker {
    const broker = this.brokers.get(id);
    if (broker === undefined) throw new Error(`broker ${id} does not run`);
    return broker;
  }

  /** The brokers that are not fenced, as the active controller sees it. */
  get alive(): number[] {
    const active = this.running.find((broker) => broker.controller.active);
    return active === undefined ? [] : aliveIn(active);
  }

  get activeId(): number {
    return [...this.brokers].find(([, broker]) => broker.controller.active)?.[0] ?? -1;
  }

  /** As brokers are told who votes. */
  votersOf(ids: readonly number[]): string {
    return ids.map((id) => `${id}@${HOST}:${this.ports.get(id) ?? 0}:${directoryIdOf(id)}`).join(',');
  }

  /** `own`: what is to be another than it was, its directory id or the voters. */
  async startBroker(id: number, own: Environment = {}): Promise<void> {
    const broker = brokerOf({
      TIDEMARK_NODE_ID: String(id),
      TIDEMARK_DATA: join(this.base, String(id)),
      ...this.settings,
      TIDEMARK_LISTEN: `${HOST}:${this.ports.get(id) ?? 0}`,
      TIDEMARK_VOTERS: this.votersOf([...this.ports.keys()]),
      TIDEMARK_DIRECTORY_ID: directoryIdOf(id),
      ...own,
    });
    this.brokers.set(id, broker);
    await broker.start();
  }

  async stopBroker(id: number): Promise<void> {
    await this.broker(id).stop();
    this.brokers.delete(id);
  }

  /** The disk of a broker that does not run is gone. */
  loseDisk(id: number): void {
    rmSync(join(this.base, String(id)), { recursive: true, force: true });
  }

  async connect(id: number): Promise<RawClient> {
    const client = await RawClient.connect({ host: HOST, port: this.ports.get(id) ?? 0 });
    this.clients.push(client);
    return client;
  }

  async stop(): Promise<void> {
    for (const client of this.clients) client.close();
    await Promise.all(this.running.map((broker) => broker.stop()));
    rmSync(this.base, { recursive: true, force: true });
  }
}

/** The brokers that are not fenced, as this one knows. */
function aliveIn(broker: Broker): number[] {
  return [...broker.controller.image.brokers.values()].filter(({ fenced }) => !fenced).map(({ id }) => id);
}

/**
 * A real broker in this process for specs: real disk in a directory of its own, real sockets on free ports. `stop`
 * stops it and removes its directory; `restart` starts another one on the same directory.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeClock, nodeDisk, nodeNetwork, nodeRandom } from '@tidemark/platform/node';
import { pino } from 'pino';
import { Broker, type BrokerAddresses } from '../broker.js';
import { readConfig, type BrokerConfig, type Environment } from '../config.js';
import { RawClient } from './raw-client.js';

const QUICK: Environment = {
  TIDEMARK_CLUSTER_ID: 'spec-cluster',
  TIDEMARK_LISTEN: '127.0.0.1:0',
  TIDEMARK_ADMIN_LISTEN: '127.0.0.1:0',
  TIDEMARK_LOG_LEVEL: process.env.SPEC_LOG_LEVEL ?? 'silent',
  TIDEMARK_KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
  TIDEMARK_KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS: '4',
};

export class RunningBroker {
  private readonly clients: RawClient[] = [];

  private constructor(
    readonly directory: string,
    private readonly environment: Environment,
    public broker: Broker,
    public addresses: BrokerAddresses,
  ) {}

  static async start(settings: Environment = {}): Promise<RunningBroker> {
    const directory = mkdtempSync(join(tmpdir(), 'tidemark-broker-spec-'));
    const environment = { ...QUICK, TIDEMARK_DATA: directory, ...settings };
    const broker = brokerOf(environment);
    return new RunningBroker(directory, environment, broker, await broker.start());
  }

  /** `host:port` for clients. */
  get bootstrap(): string {
    return `${this.addresses.kafka.host}:${this.addresses.kafka.port}`;
  }

  get admin(): string {
    const { admin } = this.addresses;
    return `http://${admin?.host ?? ''}:${admin?.port ?? 0}`;
  }

  /** A connection that is closed with the broker. */
  async connect(): Promise<RawClient> {
    const client = await RawClient.connect(this.addresses.kafka);
    this.clients.push(client);
    return client;
  }

  /** Stops in order and starts anew on the same directory, with other settings where given. */
  async restart(settings: Environment = {}): Promise<void> {
    await this.broker.stop();
    this.broker = brokerOf({ ...this.environment, ...settings });
    this.addresses = await this.broker.start();
  }

  async stop(): Promise<void> {
    for (const client of this.clients) client.close();
    await this.broker.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export function configOf(environment: Environment): BrokerConfig {
  const read = readConfig({ ...QUICK, ...environment });
  if ('faults' in read) throw new Error(read.faults.join('; '));
  return read.config;
}

export function brokerOf(environment: Environment): Broker {
  const config = configOf(environment);
  return new Broker({
    config,
    doors: { clock: nodeClock, random: nodeRandom, disk: nodeDisk, network: nodeNetwork },
    logger: pino({ level: config.logLevel }),
    onFailed: (error) => {
      throw error;
    },
  });
}

/** Waits until `holds` answers true; fails after `withinMs`. */
export async function until(holds: () => boolean | Promise<boolean>, withinMs = 10_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > deadline)
      throw new Error(`did not hold within ${withinMs} ms: ${holds.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

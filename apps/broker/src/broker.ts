/**
 * One broker, put together: takes the data directory, replays the metadata, opens its partitions, answers clients,
 * and lets go of everything in the opposite order. Made by `main.ts` with the real doors and by specs with whatever
 * they need. Holds the parts; each part holds its own state.
 *
 * What must hold: no client is answered before the metadata log is replayed and this broker has joined its cluster
 * (brokers are: they must vote, and take its registration); nothing acknowledged is unwritten when `stop` resolves, and then the directory says so (clean-shutdown marker).
 */
import { LogDirectory, logConfigOf } from '@tidemark/log';
import {
  NetworkError,
  sleep,
  type Address,
  type Clock,
  type Disk,
  type Network,
  type Random,
} from '@tidemark/platform';
import type { Logger } from 'pino';
import { AdminHttp } from './admin-http.js';
import { BROKER_RULES, type BrokerRules } from './broker-rules.js';
import type { BrokerConfig } from './config.js';
import { Controller } from './controller/controller.js';
import { directoryUuid, storedDirectory } from './controller/brokers/directory-uuid.js';
import { MetadataQuorum } from './controller/quorum/metadata-quorum.js';
import { addQuorumMetrics } from './controller/quorum-metrics.js';
import { METADATA_IDENTITY } from './controller/quorum/metadata-identity.js';
import { Membership } from './controller/membership.js';
import { ProducerIds } from './controller/producer-ids.js';
import { TopicsOnUse } from './controller/topics-on-use.js';
import { Coordinators } from './coordinators/coordinators.js';
import { shareDescriptors } from './descriptors.js';
import type { BrokerContext, Handler } from './handlers/handler.js';
import { handlersOf } from './handlers/index.js';
import { Housekeeping } from './housekeeping.js';
import { BrokerMetrics } from './metrics.js';
import { Dispatch } from './network/dispatch.js';
import { Listener } from './network/listener.js';
import { ActiveController } from './peers/active-controller.js';
import { Peers } from './peers/peers.js';
import { Registry } from './registry/registry.js';
import { Deadlines } from './replicas/deadlines.js';
import { addReplicaMetrics } from './replicas/replica-metrics.js';
import { Replicas } from './replicas/replicas.js';
import { reportCut } from './replicas/stored-partitions.js';
import { Tick } from './tick.js';
import { TurnClock } from './turn-clock.js';

export interface BrokerDoors {
  readonly clock: Clock;
  readonly random: Random;
  readonly disk: Disk;
  readonly network: Network;
}

export interface BrokerOptions {
  readonly config: BrokerConfig;
  readonly doors: BrokerDoors;
  readonly logger: Logger;
  /** The broker cannot go on (a log failed); the process should end. */
  readonly onFailed: (error: Error) => void;
  /** Wrong ones, in simulations that test their checkers. */
  readonly rules?: Partial<BrokerRules> | undefined;
  /** File descriptors that the process may have open, where that is known. */
  readonly descriptorsMax?: number | undefined;
}

export interface BrokerAddresses {
  readonly kafka: Address;
  /** Nothing when none was asked for. */
  readonly admin: Address | undefined;
}

/** Kept until a snapshot stands for it. */
const METADATA_CONFIGS = { 'retention.ms': '-1', 'retention.bytes': '-1', 'max.message.bytes': '8388608' };
/** How long a stop waits for requests that were taken up, and for answers to be read. */
const STOP_GRACE_MS = 3_000;
/** How long a start waits for the groups' offsets to be read, and how often it looks. */
const LOAD_GRACE_MS = 1_000;
const LOAD_CHECK_MS = 2;

export class Broker {
  readonly metrics = new BrokerMetrics();
  readonly replicas: Replicas;
  readonly controller: Controller;
  readonly quorum: MetadataQuorum;
  readonly peers: Peers;
  private readonly clock: Clock;
  private readonly tick: Tick;
  private readonly deadlines: Deadlines;
  private readonly directory: LogDirectory;
  readonly coordinators: Coordinators;
  private readonly housekeeping: Housekeeping;
  private readonly dispatch: Dispatch;
  private readonly listener: Listener;
  private readonly admin: AdminHttp | undefined;
  private readonly membership: Membership;
  private ready = false;
  private stopped: Promise<void> | undefined;

  /** Takes the data directory. Throws `LogError` (locked, foreign, corrupt). */
  constructor(private readonly options: BrokerOptions) {
    const { config, doors, logger } = options;
    const { settings, nodeId: brokerId, clusterId } = config;
    const { random, disk } = doors;
    const shares = shareDescriptors(options.descriptorsMax, settings['max.connections']);
    const clock = new TurnClock(doors.clock);
    this.clock = clock;
    this.tick = new Tick(clock);
    this.deadlines = new Deadlines(clock);
    this.directory = LogDirectory.open({
      disk,
      clock,
      random,
      path: config.dataDirectory,
      clusterId,
      nodeId: brokerId,
      ringBytesMax: settings['tail.cache.bytes'],
      compactionBytes: settings['log.cleaner.dedupe.buffer.size'],
      ...(shares.openFilesMax === undefined ? {} : { openFilesMax: shares.openFilesMax }),
      rules: { ...BROKER_RULES, ...options.rules }.log,
      ...(config.directoryId === undefined ? {} : { directoryId: storedDirectory(config.directoryId) }),
    });
    this.replicas = this.replicasOf();
    this.quorum = this.quorumOf();
    this.controller = new Controller({
      clusterId,
      log: this.quorum.log,
      leadership: this.quorum,
      defaults: {
        partitions: settings['num.partitions'],
        replicationFactor: settings['default.replication.factor'],
        minInsyncReplicas: settings['min.insync.replicas'],
        uncleanElection: settings['unclean.leader.election.enable'],
      },
      onFailed: options.onFailed,
    });
    this.peers = this.peersOf();
    this.membership = new Membership({
      ...{ config, logger, random, disk, clock },
      controller: this.controller,
      peers: this.peers,
      deadlines: this.deadlines,
      directory: this.directory,
    });
    const context = this.context();
    this.coordinators = new Coordinators(context);
    const handlers = handlersOf({ ...context, coordinators: this.coordinators });
    this.housekeeping = new Housekeeping({ directory: this.directory, settings, clock, random, logger });
    this.dispatch = new Dispatch({ handlers, metrics: this.metrics, logger, clock, settings });
    this.listener = new Listener({
      network: doors.network,
      clock,
      tick: this.tick,
      logger,
      metrics: this.metrics,
      dispatch: this.dispatch,
      requestBytesMax: settings['socket.request.max.bytes'],
      connectionsMax: shares.connectionsMax,
      connectionsPerIpMax: settings['max.connections.per.ip'],
      idleMaxMs: settings['connections.max.idle.ms'],
    });
    this.admin = config.adminListen === undefined ? undefined : this.adminOf(handlers);
  }

  /**
   * Resolves when clients are answered. Rejects with `NetworkError` (a port in use) or what the metadata log says, and
   * has let go of everything then.
   */
  async start(): Promise<BrokerAddresses> {
    try {
      return await this.startParts();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  private async startParts(): Promise<BrokerAddresses> {
    const { config } = this.options;
    const { listen, adminListen } = config;
    const { bound, advertised } = await named(
      'clients',
      listen,
      this.listener.listen(listen, config.advertised),
    );
    const admin =
      this.admin === undefined || adminListen === undefined
        ? undefined
        : await named('admin HTTP', adminListen, this.admin.listen(adminListen));
    let first = true;
    this.controller.listen((image, delta) => {
      this.replicas.apply(delta);
      if (first) this.replicas.settleStrays(image);
      first = false;
    });
    this.coordinators.start();
    this.dispatch.serving = false;
    this.listener.serve();
    const loaded = this.controller.start();
    await Promise.all([loaded, this.quorum.start(), this.membership.lifecycle.join(advertised)]);
    await this.groupsLoaded();
    this.housekeeping.start();
    this.dispatch.serving = true;
    this.listener.serveClients();
    this.ready = true;
    return { kafka: bound, admin };
  }

  /** Moves leadership away, answers what was taken up, makes everything durable and lets go of the directory. */
  stop(): Promise<void> {
    this.stopped ??= this.stopParts();
    return this.stopped;
  }

  private async stopParts(): Promise<void> {
    const { settings } = this.options.config;
    this.ready = false;
    if (settings['controlled.shutdown.enable'])
      await this.membership.lifecycle.leave(settings['controlled.shutdown.timeout.ms']);
    this.membership.stop();
    await this.quorum.resign();
    await this.listener.drain();
    this.coordinators.stop();
    this.replicas.wakeAll();
    this.tick.run();
    await this.listener.close(STOP_GRACE_MS);
    this.peers.close();
    this.housekeeping.stop();
    this.controller.stop();
    this.quorum.stop();
    this.replicas.retireAll();
    this.tick.run();
    this.deadlines.close();
    await this.directory.close();
    await this.admin?.close();
  }

  private adminOf(handlers: readonly Handler[]): AdminHttp {
    const registry = this.metrics.registry(
      handlers.map(({ api }) => api),
      {
        connections: () => this.listener.connections,
        partitions: () => this.replicas.count,
        parkedReads: () => this.replicas.parkedReads,
        tailBytes: () => this.directory.tailBytes,
        compaction: () => this.directory.compaction,
        scrubbing: () => this.housekeeping.scrubbing,
      },
    );
    addReplicaMetrics(registry, () => this.replicas.all());
    addQuorumMetrics(registry, () => this.quorum);
    return new AdminHttp({
      registry,
      tree: new Registry({
        clock: this.clock,
        image: () => this.controller.image,
        controllerId: () => this.controller.leaderId,
        groups: () => this.coordinators.groups.partitions(),
      }),
      image: () => this.controller.image,
      controllerId: () => this.controller.leaderId,
      replicas: this.replicas,
      ready: () => this.ready,
    });
  }

  private replicasOf(): Replicas {
    const { config, doors, logger } = this.options;
    return new Replicas({
      directory: this.directory,
      disk: doors.disk,
      brokerId: config.nodeId,
      settings: config.settings,
      tick: this.tick,
      clock: this.clock,
      deadlines: this.deadlines,
      logger,
      metrics: this.metrics,
      peers: {
        to: (brokerId, purpose) => this.peers.to(brokerId, purpose),
        disconnect: (brokerId, purpose, detail) => this.peers.disconnect(brokerId, purpose, detail),
      },
      proposals: {
        propose: (proposal, done) => this.membership.isrProposals.propose(proposal, done),
      },
      rules: { ...BROKER_RULES, ...this.options.rules },
      // All data is on one disk, so others must lead: they do as soon as this process is gone.
      diskFailed: (error) => this.clock.defer(() => this.options.onFailed(error)),
      metadata: () => this.controller.image,
      brokerEpoch: () => this.membership.lifecycle.brokerEpoch,
    });
  }

  private quorumOf(): MetadataQuorum {
    const { config, doors, logger } = this.options;
    const log = this.directory.openLog(METADATA_IDENTITY, logConfigOf(METADATA_CONFIGS));
    reportCut(log, logger);
    const me = { id: config.nodeId, directoryId: directoryUuid(this.directory.directoryId) };
    return new MetadataQuorum({
      log,
      me,
      voters: config.voters ?? [me],
      rules: { ...BROKER_RULES, ...this.options.rules }.quorum,
      dataDirectory: config.dataDirectory,
      clusterId: config.clusterId,
      clock: this.clock,
      random: doors.random,
      disk: doors.disk,
      deadlines: this.deadlines,
      logger,
      peers: () => this.peers,
      checkpoint: () => this.directory.checkpoint(),
      bytesBetweenSnapshots: config.settings['metadata.log.max.record.bytes.between.snapshots'],
      snapshotOf: () => this.controller.toEvents(),
    });
  }

  private peersOf(): Peers {
    const { config, doors, logger } = this.options;
    return new Peers({
      brokerId: config.nodeId,
      network: doors.network,
      clock: this.clock,
      tick: this.tick,
      deadlines: this.deadlines,
      logger,
      addressOf: (brokerId) =>
        config.voters?.find(({ id }) => id === brokerId)?.address ??
        this.controller.image.brokers.get(brokerId),
      dispatch: () => this.dispatch,
      advertised: () => this.listener.advertised,
    });
  }

  private context(): Omit<BrokerContext, 'coordinators'> {
    const { config, doors, logger } = this.options;
    const { controller } = this;
    const activeController = new ActiveController({
      peers: this.peers,
      clock: this.clock,
      deadlines: this.deadlines,
      leaderId: () => controller.leaderId,
    });
    return {
      config,
      clock: this.clock,
      random: doors.random,
      logger,
      metrics: this.metrics,
      metadata: () => controller.image,
      controller,
      quorum: this.quorum,
      isVoter: (brokerId) => this.quorum.voters.some(({ id }) => id === brokerId),
      brokerSessions: this.membership.sessions,
      topicsOnUse: new TopicsOnUse({
        controller,
        activeController,
        settings: config.settings,
        brokersMin: config.voters?.length ?? 1,
      }),
      producerIds: new ProducerIds(activeController, config.nodeId),
      replicas: this.replicas,
      peers: this.peers,
      activeController,
      tick: this.tick,
      deadlines: this.deadlines,
      checkpoint: () => this.directory.checkpoint(),
    };
  }

  /** Clients that come back after a restart find their groups; a long history does not hold everybody else up. */
  private async groupsLoaded(): Promise<void> {
    const deadline = this.clock.monotonic() + LOAD_GRACE_MS;
    while (!this.coordinators.groups.loaded && this.clock.monotonic() < deadline) {
      await sleep(this.clock, LOAD_CHECK_MS);
    }
  }
}

/** A port that cannot be had is named in one line that says what it was for. */
async function named<T>(purpose: string, { host, port }: Address, listening: Promise<T>): Promise<T> {
  try {
    return await listening;
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    const why = error.code === 'address-in-use' ? 'the port is in use' : error.message;
    throw new NetworkError(error.code, `cannot listen for ${purpose} on ${host}:${port}: ${why}`, {
      cause: error,
    });
  }
}

/**
 * A broker's part in its cluster's control plane, put together: its own registration and heartbeats, its leaders'
 * proposals to the active controller, and what it does itself while it is the active controller (sessions, elections
 * of quorum partitions, leader balance). Made by `broker.ts` once; each part holds its own state.
 */
import type { LogDirectory } from '@tidemark/log';
import type { Clock, Disk, Random } from '@tidemark/platform';
import type { Logger } from 'pino';
import type { BrokerConfig } from '../config.js';
import type { Peers } from '../peers/peers.js';
import type { Deadlines } from '../replicas/deadlines.js';
import { BrokerLifecycle } from './brokers/broker-lifecycle.js';
import { BrokerSessions } from './brokers/broker-sessions.js';
import { directoryUuid } from './brokers/directory-uuid.js';
import {
  previousBrokerEpoch,
  readLastRegistration,
  writeLastRegistration,
} from './brokers/registration-file.js';
import type { Controller } from './controller.js';
import { LeaderBalance } from './elections/leader-balance.js';
import { QuorumElections } from './elections/quorum-elections.js';
import { IsrProposals } from './partitions/isr-proposals.js';

export interface MembershipOptions {
  readonly config: BrokerConfig;
  readonly controller: Controller;
  readonly peers: Peers;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly random: Random;
  readonly disk: Disk;
  readonly directory: Pick<LogDirectory, 'cleanlyClosed' | 'directoryId'>;
  readonly logger: Logger;
}

export class Membership {
  readonly lifecycle: BrokerLifecycle;
  readonly isrProposals: IsrProposals;
  readonly sessions: BrokerSessions;
  readonly elections: QuorumElections;
  readonly balance: LeaderBalance;

  constructor(options: MembershipOptions) {
    const { config, controller, peers, clock, deadlines, random, disk, directory, logger } = options;
    const { nodeId: brokerId, clusterId, dataDirectory, bootId, settings } = config;
    const around = { controller, peers, clock, deadlines, random, logger, brokerId, clusterId };
    const sessionTimeoutMs = settings['broker.session.timeout.ms'];
    this.lifecycle = new BrokerLifecycle({
      ...around,
      directoryId: directoryUuid(directory.directoryId),
      previousBrokerEpoch: previousBrokerEpoch(readLastRegistration(disk, dataDirectory), {
        cleanlyClosed: directory.cleanlyClosed,
        bootId,
      }),
      heartbeatIntervalMs: settings['broker.heartbeat.interval.ms'],
      sessionTimeoutMs,
      remember: (epoch) => writeLastRegistration(disk, dataDirectory, { epoch, bootId }),
    });
    this.isrProposals = new IsrProposals({ ...around, brokerEpoch: () => this.lifecycle.brokerEpoch });
    this.sessions = new BrokerSessions({ ...around, sessionTimeoutMs });
    this.elections = new QuorumElections(around);
    this.balance = new LeaderBalance({
      ...around,
      enabled: settings['auto.leader.rebalance.enable'],
      intervalMs: settings['leader.imbalance.check.interval.ms'],
    });
  }

  stop(): void {
    this.lifecycle.stop();
    for (const driver of [this.sessions, this.elections, this.balance]) driver.stop();
  }
}

/**
 * The coordinators of this broker, put together. `broker.ts` makes one, starts it before the controller, so that it
 * hears of every partition that this broker leads, and stops it before the replicas.
 */
import type { BrokerContext } from '../handlers/handler.js';
import { GROUP_OFFSETS_TOPIC } from '../controller/metadata-image.js';
import { GroupCoordinator } from '../groups/group-coordinator.js';
import { GroupPartition } from '../groups/group-partition.js';
import { LeadershipEnded } from './partition-event-log.js';
import { Shards } from './shards.js';

export class Coordinators {
  readonly groups: GroupCoordinator;

  constructor(private readonly broker: Omit<BrokerContext, 'coordinators'>) {
    const { config, clock, logger, replicas } = broker;
    const settings = {
      initialDelayMs: config.settings['group.initial.rebalance.delay.ms'],
      membersMax: config.settings['group.max.size'],
      disconnectGraceMs: config.settings['group.disconnect.grace.ms'],
    };
    const shards = new Shards<GroupPartition>({
      topic: GROUP_OFFSETS_TOPIC,
      replicas,
      make: (replica, leaderEpoch) => {
        const owner = new GroupPartition({
          replica,
          leaderEpoch,
          settings,
          clock,
          logger,
          onStopped: (err) => {
            const { partition } = replica;
            if (err instanceof LeadershipEnded)
              logger.debug({ partition, leaderEpoch }, 'not coordinated here any more');
            else logger.error({ err, partition }, 'group coordinator stopped');
            owner.close();
          },
        });
        return owner;
      },
    });
    this.groups = new GroupCoordinator({
      shards,
      settings: config.settings,
      clock,
      metadata: () => broker.metadata(),
    });
  }

  start(): void {
    this.broker.controller.listen((image, delta) => this.groups.follow(image, delta));
    this.groups.start();
  }

  stop(): void {
    this.groups.stop();
  }
}

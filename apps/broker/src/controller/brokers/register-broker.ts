/**
 * The decision on a broker that has started and introduces itself. It begins fenced; whatever it led or was in sync
 * with it loses, and what its start may have cost it (a power failure, another disk) takes it out of the eligible
 * replicas too (KIP-966). Pure.
 */
import { ErrorCode } from '@tidemark/wire';
import type { ControllerEvent } from '../controller-events.js';
import type { BrokerImage } from '../metadata-image.js';
import type { MetadataState } from '../metadata-state.js';
import { brokerLeaves } from '../partitions/broker-partitions.js';
import type { Loss } from '../partitions/broker-partitions.js';
import { rulesOf } from '../partitions/rules.js';
import type { TopicDefaults } from '../partitions/rules.js';

export interface RegisterBroker {
  readonly type: 'RegisterBroker';
  readonly brokerId: number;
  readonly clusterId: string;
  /** One for each start of the process. */
  readonly incarnationId: string;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
  readonly directoryId: string;
  /** Its last one, when it has everything that it had written then; -1 when something may be lost. */
  readonly previousBrokerEpoch: number;
  /** Another incarnation of this id is heard from at this very moment. */
  readonly contested: boolean;
}

export interface Registration {
  readonly error: ErrorCode;
  readonly epoch: number;
}

/** The epoch is the offset of the registration, which is known when it has been folded (`registered`). */
export function registerBroker(
  state: MetadataState,
  command: RegisterBroker,
  defaults: TopicDefaults,
): { events: ControllerEvent[]; reply: Registration } {
  const { clusterId, previousBrokerEpoch, contested, ...registration } = command;
  const { brokerId, incarnationId, directoryId } = command;
  if (clusterId !== state.clusterId) return refused(ErrorCode.INCONSISTENT_CLUSTER_ID);
  if (directoryId === '') return refused(ErrorCode.INVALID_REGISTRATION);
  const known = state.brokers.get(brokerId);
  if (known?.incarnationId === incarnationId) return { events: [], reply: registered(state, brokerId) };
  if (known !== undefined && contested) return refused(ErrorCode.DUPLICATE_BROKER_REGISTRATION);
  const events: ControllerEvent[] = [{ ...registration, type: 'BrokerRegistered', fenced: true }];
  if (known === undefined) return { events, reply: registered(state, brokerId) };
  const rules = rulesOf(state, defaults, { brokerId, active: false });
  events.push(...brokerLeaves(rules, brokerId, lossOf(known, directoryId, previousBrokerEpoch)));
  return { events, reply: registered(state, brokerId) };
}

export function registered(state: MetadataState, brokerId: number): Registration {
  return { error: ErrorCode.NONE, epoch: state.brokers.get(brokerId)?.epoch ?? -1 };
}

function refused(error: ErrorCode): { events: ControllerEvent[]; reply: Registration } {
  return { events: [], reply: { error, epoch: -1 } };
}

/** An older epoch than the last is an older state of the disk. */
function lossOf(known: BrokerImage, directoryId: string, previousBrokerEpoch: number): Loss {
  if (known.directoryId !== '' && known.directoryId !== directoryId) return 'everything';
  return known.epoch === previousBrokerEpoch ? 'nothing' : 'unflushed';
}

/**
 * The decisions on a registered broker: what a heartbeat changes (unfenced when it has caught up with the metadata,
 * fenced when it wants to be, its partitions moved away when it wants to stop), and the fence for one that is not heard
 * from any more. Pure; which brokers are heard from is known to `broker-sessions.ts`.
 */
import { ErrorCode } from '@tidemark/wire';
import type { ControllerEvent } from '../controller-events.js';
import type { BrokerImage } from '../metadata-image.js';
import type { MetadataState } from '../metadata-state.js';
import { brokerComes, brokerLeaves } from '../partitions/broker-partitions.js';
import { rulesOf } from '../partitions/rules.js';
import type { TopicDefaults } from '../partitions/rules.js';

export interface BrokerHeartbeat {
  readonly type: 'BrokerHeartbeat';
  readonly brokerId: number;
  readonly brokerEpoch: number;
  /** The last metadata offset that it has folded. */
  readonly metadataOffset: number;
  readonly wantFence: boolean;
  readonly wantShutDown: boolean;
}

export interface FenceBroker {
  readonly type: 'FenceBroker';
  readonly brokerId: number;
  readonly brokerEpoch: number;
}

export interface HeartbeatReply {
  readonly error: ErrorCode;
  readonly isCaughtUp: boolean;
  readonly isFenced: boolean;
  readonly shouldShutDown: boolean;
}

interface HeartbeatDecision {
  readonly events: ControllerEvent[];
  readonly reply: HeartbeatReply;
}

export function brokerHeartbeat(
  state: MetadataState,
  command: BrokerHeartbeat,
  defaults: TopicDefaults,
): HeartbeatDecision {
  const known = state.brokers.get(command.brokerId);
  if (known === undefined) return refused(ErrorCode.BROKER_ID_NOT_REGISTERED);
  if (known.epoch !== command.brokerEpoch) return refused(ErrorCode.STALE_BROKER_EPOCH);
  const isCaughtUp = command.metadataOffset >= known.epoch;
  const reply = { error: ErrorCode.NONE, isCaughtUp, isFenced: known.fenced, shouldShutDown: false };
  if (command.wantShutDown) {
    const { events, done } = shutdown(state, known, defaults);
    return { events, reply: { ...reply, isFenced: known.fenced || done, shouldShutDown: done } };
  }
  if (command.wantFence)
    return { events: fence(state, known, defaults), reply: { ...reply, isFenced: true } };
  if (!known.fenced || !isCaughtUp || known.inControlledShutdown) return { events: [], reply };
  return { events: unfence(state, known, defaults), reply: { ...reply, isFenced: false } };
}

export function fenceBroker(
  state: MetadataState,
  { brokerId, brokerEpoch }: FenceBroker,
  defaults: TopicDefaults,
): { events: ControllerEvent[]; reply: null } {
  const known = state.brokers.get(brokerId);
  const events = known?.epoch === brokerEpoch ? fence(state, known, defaults) : [];
  return { events, reply: null };
}

function refused(error: ErrorCode): HeartbeatDecision {
  return { events: [], reply: { error, isCaughtUp: false, isFenced: true, shouldShutDown: false } };
}

function fence(
  state: MetadataState,
  { id, epoch, fenced }: BrokerImage,
  defaults: TopicDefaults,
): ControllerEvent[] {
  if (fenced) return [];
  const rules = rulesOf(state, defaults, { brokerId: id, active: false });
  return [{ type: 'BrokerFenced', brokerId: id, epoch }, ...brokerLeaves(rules, id)];
}

function unfence(
  state: MetadataState,
  { id, epoch }: BrokerImage,
  defaults: TopicDefaults,
): ControllerEvent[] {
  const rules = rulesOf(state, defaults, { brokerId: id, active: true });
  return [{ type: 'BrokerUnfenced', brokerId: id, epoch }, ...brokerComes(rules, id)];
}

/** First its leadership moves, then, when it leads nothing, it is fenced and may go. */
function shutdown(
  state: MetadataState,
  broker: BrokerImage,
  defaults: TopicDefaults,
): { events: ControllerEvent[]; done: boolean } {
  const { id, epoch, fenced, inControlledShutdown } = broker;
  if (fenced) return { events: [], done: true };
  if (inControlledShutdown) return { events: fence(state, broker, defaults), done: true };
  const rules = rulesOf(state, defaults, { brokerId: id, active: false });
  const began: ControllerEvent = { type: 'BrokerShutdownBegan', brokerId: id, epoch };
  return { events: [began, ...brokerLeaves(rules, id)], done: false };
}

/**
 * The decision to forget a broker for good. Only one that is fenced and holds no replica any more: data that is
 * nowhere else is not given up by a single command. Pure.
 */
import { ErrorCode } from '@tidemark/wire';
import type { ControllerEvent } from '../controller-events.js';
import type { MetadataState } from '../metadata-state.js';

export interface UnregisterBroker {
  readonly type: 'UnregisterBroker';
  readonly brokerId: number;
  /** It is one of the fixed voters of the controller quorum. */
  readonly voter: boolean;
}

export interface Unregistration {
  readonly error: ErrorCode;
  readonly message: string | null;
}

export function unregisterBroker(
  state: MetadataState,
  { brokerId, voter }: UnregisterBroker,
): { events: ControllerEvent[]; reply: Unregistration } {
  const known = state.brokers.get(brokerId);
  const refuse = (error: ErrorCode, message: string) => ({ events: [], reply: { error, message } });
  if (known === undefined)
    return refuse(ErrorCode.BROKER_ID_NOT_REGISTERED, `Broker ${brokerId} is not registered`);
  if (voter) {
    const message = `Broker ${brokerId} is a voter of the controller quorum, and its voters are fixed`;
    return refuse(ErrorCode.INVALID_REQUEST, message);
  }
  const replicas = replicasOn(state, brokerId);
  if (replicas > 0) {
    const message = `Broker ${brokerId} still holds ${replicas} replicas: move them to other brokers first`;
    return refuse(ErrorCode.INVALID_REQUEST, message);
  }
  if (!known.fenced) return refuse(ErrorCode.INVALID_REQUEST, `Broker ${brokerId} is running: stop it first`);
  const event = { type: 'BrokerUnregistered', brokerId, epoch: known.epoch } as const;
  return { events: [event], reply: { error: ErrorCode.NONE, message: null } };
}

function replicasOn(state: MetadataState, brokerId: number): number {
  let count = 0;
  for (const { partitions } of state.topics.values()) {
    for (const { replicas } of partitions) if (replicas.includes(brokerId)) count += 1;
  }
  return count;
}

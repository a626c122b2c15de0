/**
 * The active controller, to whoever needs something decided: clients' admin requests that came to another broker,
 * and this broker's own needs (topics on use, producer ids). Asks whoever leads the metadata quorum now, this broker
 * itself included, and asks again after a moment while nobody leads or whoever was asked says that it does not.
 * Holds nothing but what its callers wait for. Made by `broker.ts` once.
 *
 * What must hold: a request is sent again only when it is certain that nobody has taken it up. Where that is not
 * certain the caller gets the failure, and may not take it for a refusal.
 */
import { ErrorCode, type Decoded, type FieldMap } from '@tidemark/wire';
import type { ControllerApi } from '../handlers/controller-apis.js';
import type { Deadlines } from '../replicas/deadlines.js';
import type { Clock } from '@tidemark/platform';
import { PeerFailure } from './peer-failure.js';
import type { Peers } from './peers.js';

export interface ActiveControllerOptions {
  readonly peers: Peers;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  /** Who leads the metadata quorum, as far as this broker knows; -1 when it does not. */
  readonly leaderId: () => number;
}

/** One request to the active controller. */
export interface ControllerRequest<Q extends FieldMap> {
  readonly version: number;
  readonly request: Decoded<Q>;
  /** For all attempts together. */
  readonly timeoutMs: number;
  /** Asked before each further attempt: true when nobody needs the answer any more. */
  readonly isOver?: () => boolean;
}

const RETRY_MS = 50;
/** An election and a session that has to run out are over by then. */
export const CONTROLLER_TIMEOUT_MS = 30_000;

export class ActiveController {
  constructor(private readonly options: ActiveControllerOptions) {}

  /** `done` is called once, never before this call has returned. */
  request<Q extends FieldMap, P extends FieldMap>(
    asked: ControllerApi<Q, P>,
    controllerRequest: ControllerRequest<Q>,
    done: (answer: Decoded<P> | PeerFailure) => void,
  ): void {
    const { clock, deadlines, peers, leaderId } = this.options;
    const { version, request, timeoutMs, isOver } = controllerRequest;
    const end = clock.monotonic() + Math.min(timeoutMs, CONTROLLER_TIMEOUT_MS);
    const attempt = (): void => {
      const leader = leaderId();
      const left = Math.max(1, end - clock.monotonic());
      if (leader < 0)
        clock.defer(() => tried(new PeerFailure('unreachable', 'nobody leads the metadata quorum')));
      else peers.to(leader, 'forward').request(asked.api, version, asked.given(request), left, tried);
    };
    const tried = (outcome: Decoded<P> | PeerFailure): void => {
      const again = isUndone(asked, outcome) && clock.monotonic() + RETRY_MS < end && isOver?.() !== true;
      if (again) deadlines.set(RETRY_MS, attempt);
      else done(outcome);
    };
    attempt();
  }
}

/** True when it is certain that the request was not taken up, and another attempt may have more luck. */
function isUndone<Q extends FieldMap, P extends FieldMap>(
  asked: ControllerApi<Q, P>,
  outcome: Decoded<P> | PeerFailure,
): boolean {
  if (outcome instanceof PeerFailure) return isNeverSent(outcome);
  return asked.errorOf(outcome) === ErrorCode.NOT_CONTROLLER;
}

/** Nobody was there to take the request up. */
export function isNeverSent({ kind }: PeerFailure): boolean {
  return kind === 'refused' || kind === 'unreachable';
}

/**
 * Handlers of what only the active controller decides. Where this broker is it, the handler runs here; elsewhere the
 * request is passed on in the same API and version, and the answer passed back: a client may ask any broker.
 *
 * What another broker has passed on is never passed on again: two brokers that take each other for the controller
 * would send it to and fro. It is handled here, and the controller refuses it with NOT_CONTROLLER.
 */
import { ErrorCode, type Decoded, type Encodable, type FieldMap } from '@tidemark/wire';
import { CONTROLLER_TIMEOUT_MS, isNeverSent } from '../peers/active-controller.js';
import { isPeerClient } from '../peers/peer-client.js';
import { PeerFailure } from '../peers/peer-failure.js';
import type { ControllerApi } from './controller-apis.js';
import { defineHandler, type BrokerContext, type Handle, type HandlerFactory } from './handler.js';

export function defineForwardedHandler<Q extends FieldMap, P extends FieldMap>(
  asked: ControllerApi<Q, P>,
  make: (broker: BrokerContext) => Handle<Decoded<Q>, Encodable<P>>,
): HandlerFactory {
  return defineHandler(asked.api, (broker) => {
    const here = make(broker);
    return (request, context, respond) => {
      if (broker.controller.active || isPeerClient(context.clientId)) {
        here(request, context, respond);
        return;
      }
      const passed = {
        version: context.apiVersion,
        request,
        timeoutMs: timeoutOf(request),
        isOver: () => context.closed || context.stopping,
      };
      broker.activeController.request(asked, passed, (outcome) => {
        if (outcome instanceof PeerFailure) respond(asked.refusal(request, errorOf(outcome)));
        else respond(asked.passedOn(outcome));
      });
    };
  });
}

/** Tells a client whether its request may have been carried out. */
function errorOf(failure: PeerFailure): ErrorCode {
  return isNeverSent(failure) ? ErrorCode.NOT_CONTROLLER : ErrorCode.REQUEST_TIMED_OUT;
}

/** How long a client says that it waits, where its request says so. */
function timeoutOf(request: unknown): number {
  const { timeoutMs } = request as { readonly timeoutMs?: unknown };
  return typeof timeoutMs === 'number' && timeoutMs > 0 ? timeoutMs : CONTROLLER_TIMEOUT_MS;
}

/**
 * Specs of deciders as stories: given these events, when this command comes, then these events and this reply (or
 * this rejection) follow. No store, no mock; a mismatch throws the assertion error that every test runner prints.
 */
import { deepStrictEqual } from 'node:assert/strict';
import type { Decider } from './decider.js';
import { fold } from './decider.js';

export interface Then<State, Event, Reply, Rejection> {
  /** The events in order and, when given, the reply. */
  then(events: readonly Event[], reply?: Reply): Then<State, Event, Reply, Rejection>;
  thenRejected(rejection: Rejection): void;
  /** The state after the decision's events, as whatever the spec looks at. */
  thenState<View>(view: (state: State) => View, expected: View): Then<State, Event, Reply, Rejection>;
}

export interface When<State, Command, Event, Reply, Rejection> {
  when(command: Command): Then<State, Event, Reply, Rejection>;
}

export function given<State, Command, Event, Reply, Rejection>(
  decider: Decider<State, Command, Event, Reply, Rejection>,
  events: readonly Event[],
): When<State, Command, Event, Reply, Rejection> {
  return {
    when(command) {
      const decision = decider.decide(fold(decider, events), command);
      const chain: Then<State, Event, Reply, Rejection> = {
        then(expected, reply) {
          deepStrictEqual(
            decision,
            'rejected' in decision
              ? { events: expected }
              : { events: expected, reply: reply ?? decision.reply },
          );
          return chain;
        },
        thenRejected(rejection) {
          deepStrictEqual(decision, { rejected: rejection });
        },
        thenState(view, expected) {
          const appended = 'rejected' in decision ? [] : decision.events;
          deepStrictEqual(view(fold(decider, [...events, ...appended])), expected);
          return chain;
        },
      };
      return chain;
    },
  };
}

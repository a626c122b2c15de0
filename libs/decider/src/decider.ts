/**
 * The one shape of state in Tidemark. The controller, the group coordinator's offsets, an experiment, a process and
 * the catalog are each a `Decider`, replayed from one partition of a log by a `Shard`. A decider is pure: time,
 * chance and everything that was observed reach it inside commands and events, so that replaying the same events
 * gives the same state in every process and in every year.
 */

/** What a decider makes of a command: facts to append and the answer that they justify, or a refusal. */
export type Decision<Event, Reply, Rejection> =
  { readonly events: readonly Event[]; readonly reply: Reply } | { readonly rejected: Rejection };

export interface Decider<State, Command, Event, Reply, Rejection> {
  /** The state of an empty log. A fresh value at every call. */
  initial(): State;
  /**
   * Decides on committed state alone and changes nothing. No events and a reply is a read; it is answered at once,
   * as a rejection is. All events of one decision become one record batch.
   */
  decide(state: State, command: Command): Decision<Event, Reply, Rejection>;
  /**
   * Folds one event that was read back from the log. Total: an event that the state does not allow, or has seen,
   * leaves it as it is, because another writer may have been first and every reader must come to the same state.
   * May update in place and return the same object; nobody keeps an earlier state.
   */
  evolve(state: State, event: Event, offset: number): State;
  /**
   * Makes the held reply from the state that has just folded the command's own events; without it the reply stays
   * as decided. Needed where several writers share a log and the fold, not the decision, says who was first.
   */
  conclude?(state: State, command: Command, reply: Reply): Reply;
}

/** The state that a log's events lead to, beginning at offset 0. */
export function fold<State, Event>(
  decider: Pick<Decider<State, never, Event, unknown, unknown>, 'initial' | 'evolve'>,
  events: Iterable<Event>,
): State {
  let state = decider.initial();
  let offset = 0;
  for (const event of events) state = decider.evolve(state, event, offset++);
  return state;
}

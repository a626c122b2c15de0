/**
 * A small decider for specs of the worker: names are counted up, each command once. It shows every rule that a real one
 * has: ids of events from their cause, a total fold that takes each once, refusals, a command that makes it throw.
 */
import type { Decider } from '@tidemark/decider';
import { eventId, recordCause } from '@tidemark/decider';
import type { OutgoingRecord, TopicRecord } from '../topics/topics.js';
import type { WorkerInput, WorkerLog } from '../worker/worker-options.js';

export interface Count {
  readonly name: string;
  readonly by: number;
  /** The record that asked for it. */
  readonly cause: string;
}

export interface Counted extends Count {
  readonly id: string;
}

export interface TallyState {
  readonly totals: Map<string, number>;
  readonly seen: Set<string>;
}

export const tally: Decider<TallyState, Count, Counted, number, string> = {
  initial: () => ({ totals: new Map(), seen: new Set() }),
  decide(state, command) {
    if (command.by === 666) throw new TypeError('a poisonous command');
    if (command.by === 0) return { rejected: 'nothing to count' };
    const id = eventId({ aggregate: command.name, type: 'Counted', cause: command.cause });
    if (state.seen.has(id)) return { events: [], reply: state.totals.get(command.name) ?? 0 };
    return { events: [{ ...command, id }], reply: 0 };
  },
  evolve(state, event) {
    if (state.seen.has(event.id)) return state;
    state.seen.add(event.id);
    state.totals.set(event.name, (state.totals.get(event.name) ?? 0) + event.by);
    return state;
  },
  conclude: (state, command) => state.totals.get(command.name) ?? 0,
};

export const refusal = (state: TallyState, event: Counted): string | undefined =>
  state.seen.has(event.id) ? 'seen before' : undefined;

export function tallyLog(topic: string): WorkerLog<Counted> {
  return {
    topic,
    encode: (event): OutgoingRecord => ({ key: event.name, value: JSON.stringify(event) }),
    decode: (record) => JSON.parse(record.value?.toString() ?? '') as Counted,
  };
}

export function tallyInput(topic: string): WorkerInput<Count, number, string> {
  return {
    topic,
    decode(record: TopicRecord) {
      const by: unknown = JSON.parse(record.value?.toString() ?? '');
      if (typeof by !== 'number') throw new SyntaxError('not a number');
      const cause = recordCause(record.topic, record.partition, record.offset);
      return { name: record.key ?? '', by, cause };
    },
    respond: (_command, outcome) => ({ value: JSON.stringify(outcome) }),
    respondFailed: (_record, error) => ({ value: JSON.stringify({ failed: error.message }) }),
  };
}

/**
 * Decides what users ask of experiments, and what their processes' facts make due. One partition's experiments are its
 * state, folded by the table that everybody shares (`foldExperiment`). Pure: time, catalog and causes are in the
 * command. Ids of events follow from their causes, so whatever is decided twice is written once in effect.
 */
import {
  eventIdOf,
  type ExperimentOwnEventType,
  EXPERIMENTS_TOPIC,
  type Fault,
  foldExperiment,
  isTerminal,
  newMessage,
  type PayloadInput,
  type Problem,
} from '@tidemark/contracts';
import type { Decider, Decision } from '@tidemark/decider';
import { creation } from './creation.js';
import { dueEvents } from './due-events.js';
import type {
  ExperimentsCommand,
  ExperimentsReply,
  Request,
  Settle,
  UserCommand,
} from './experiments-command.js';
import {
  emptyExperiments,
  endedOf,
  type ExperimentsEvent,
  type ExperimentsState,
  known,
} from './experiments-state.js';

/** Who is behind an event that no user asked for. */
const SERVICE = 'metadata-server';

type ExperimentsDecision = Decision<ExperimentsEvent, ExperimentsReply, Problem>;

export const experimentsDecider: Decider<
  ExperimentsState,
  ExperimentsCommand,
  ExperimentsEvent,
  ExperimentsReply,
  Problem
> = {
  initial: emptyExperiments,

  decide(state, command) {
    if (command.kind === 'settle') return settle(state, command);
    const { message } = command;
    switch (message.type) {
      case 'CreateExperiment':
        return create(state, command, message);
      case 'LaunchExperiment':
        return launch(state, command, message);
      case 'CancelExperiment':
        return cancel(state, command, message);
    }
  },

  evolve(state, event, offset) {
    const { message, partition } = event;
    const id = message.key;
    if (state.ended.has(id)) {
      state.lastOutcome = 'absorbed';
      return state;
    }
    const folded = foldExperiment(state.active.get(id), message, {
      topic: EXPERIMENTS_TOPIC,
      partition,
      offset,
    });
    state.lastOutcome = folded.outcome;
    if (folded.state === undefined) return state;
    const ended = endedOf(folded.state);
    if (ended === undefined) {
      state.active.set(id, folded.state);
    } else {
      state.active.delete(id);
      state.ended.set(id, ended);
    }
    return state;
  },

  /** Another owner may have been first: what the fold says holds, not what was decided. */
  conclude(state, command, reply) {
    if (command.kind === 'settle' || 'problem' in reply) return reply;
    const found = known(state, reply.id);
    if (found === undefined)
      return { problem: { code: 'internal', detail: 'the event did not take effect' } };
    const { message } = command;
    if (message.type === 'CreateExperiment' && found.bodyHash !== message.payload.bodyHash) {
      return { problem: KEY_REUSED };
    }
    return { ...reply, status: found.status };
  },
};

const KEY_REUSED: Problem = {
  code: 'idempotency-key-reused',
  detail: 'the Idempotency-Key was used before with another body',
};

function create(
  state: ExperimentsState,
  request: Request,
  message: Extract<UserCommand, { type: 'CreateExperiment' }>,
): ExperimentsDecision {
  const { experimentId: id, bodyHash } = message.payload;
  const found = known(state, id);
  if (found !== undefined) {
    if (found.gateway !== message.gateway || found.bodyHash !== bodyHash) return { rejected: KEY_REUSED };
    if (found.errors.length > 0) return { rejected: validationProblem(found.errors) };
    return { events: [], reply: { id, status: found.status, repeated: true } };
  }
  if (request.catalog?.reached !== true) {
    return {
      rejected: {
        code: 'catalog-behind',
        detail: 'the catalog has not come to the position that the request names',
      },
    };
  }
  const created = creation(message.payload, request.catalog);
  const events = [ownEvent(request, 'ExperimentCreated', created.experiment)];
  if ('errors' in created) {
    events.push(ownEvent(request, 'ExperimentRejected', { errors: [...created.errors] }));
    return { events, reply: { problem: validationProblem(created.errors) } };
  }
  events.push(ownEvent(request, 'ExperimentValidated', created.validated));
  if (message.payload.launch) events.push(ownEvent(request, 'ExperimentLaunched', { processCount: 1 }));
  return {
    events,
    reply: { id, status: message.payload.launch ? 'LAUNCHED' : 'VALIDATED', repeated: false },
  };
}

function launch(
  state: ExperimentsState,
  request: Request,
  message: Extract<UserCommand, { type: 'LaunchExperiment' }>,
): ExperimentsDecision {
  const { experimentId: id } = message.payload;
  const found = known(state, id);
  if (found?.gateway !== message.gateway) return { rejected: notFound(id) };
  if (found.status === 'LAUNCHED' || found.status === 'EXECUTING') {
    return { events: [], reply: { id, status: found.status, repeated: true } };
  }
  if (found.status !== 'VALIDATED') {
    return { rejected: { code: 'illegal-transition', detail: `the experiment is ${found.status}` } };
  }
  return {
    events: [ownEvent(request, 'ExperimentLaunched', { processCount: 1 })],
    reply: { id, status: 'LAUNCHED', repeated: false },
  };
}

function cancel(
  state: ExperimentsState,
  request: Request,
  message: Extract<UserCommand, { type: 'CancelExperiment' }>,
): ExperimentsDecision {
  const { experimentId: id, reason } = message.payload;
  const found = known(state, id);
  if (found?.gateway !== message.gateway) return { rejected: notFound(id) };
  if (isTerminal(found.status)) {
    return { rejected: { code: 'already-terminal', detail: `the experiment is ${found.status}` } };
  }
  if (found.status === 'CANCELING') return { events: [], reply: { id, status: 'CANCELING', repeated: true } };
  const events = [ownEvent(request, 'ExperimentCancelRequested', reason === undefined ? {} : { reason })];
  // Nothing was launched: there is nobody to wait for.
  if (found.status === 'CREATED' || found.status === 'VALIDATED') {
    events.push(ownEvent(request, 'ExperimentCanceled', { reasonCode: 'CANCELED_BY_USER' }));
  }
  return { events, reply: { id, status: 'CANCELING', repeated: false } };
}

function settle(state: ExperimentsState, { experimentId, partition, time }: Settle): ExperimentsDecision {
  const experiment = state.active.get(experimentId);
  const due = experiment === undefined ? [] : dueEvents(experiment);
  const events = due.map(({ type, payload, cause }) => ({
    partition,
    message: newMessage(type, payload, {
      key: experimentId,
      id: eventIdOf({ aggregate: experimentId, type, cause }),
      gateway: experiment?.gateway ?? '',
      actor: SERVICE,
      cause,
      time,
    }),
  }));
  const status = known(state, experimentId)?.status ?? 'CREATED';
  return {
    events: events as ExperimentsEvent[],
    reply: { id: experimentId, status, repeated: events.length === 0 },
  };
}

/** An event that a user's command makes; it carries who asked and the trace on. */
function ownEvent<Type extends ExperimentOwnEventType>(
  { message, partition, cause, time }: Request,
  type: Type,
  payload: PayloadInput<Type>,
): ExperimentsEvent {
  const event = newMessage(type, payload, {
    key: message.key,
    id: eventIdOf({ aggregate: message.key, type, cause }),
    gateway: message.gateway,
    actor: message.actor,
    cause,
    time,
    ...(message.traceparent === undefined ? {} : { traceparent: message.traceparent }),
  });
  return { message: event as ExperimentsEvent['message'], partition };
}

function notFound(id: string): Problem {
  return { code: 'experiment-not-found', detail: `there is no experiment ${id}` };
}

function validationProblem(errors: readonly Fault[]): Problem {
  return { code: 'validation', detail: 'the request does not fit the application', errors: [...errors] };
}

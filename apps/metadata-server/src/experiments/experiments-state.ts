/**
 * What the experiments decider knows of one partition: every experiment that was ever created there. Those that go on
 * are kept whole; of those that have ended only what a repeated request or a late cancel asks for, because keys hold
 * as long as the history.
 */
import {
  type ExperimentState,
  type ExperimentStatus,
  type Fault,
  type FoldOutcome,
  type HistoryMessage,
  isTerminal,
} from '@tidemark/contracts';

export interface EndedExperiment {
  readonly gateway: string;
  readonly status: ExperimentStatus;
  readonly bodyHash: string;
  readonly errors: readonly Fault[];
}

export interface ExperimentsState {
  readonly active: Map<string, ExperimentState>;
  readonly ended: Map<string, EndedExperiment>;
  /** What became of the event that was folded last: for the owner to count. */
  lastOutcome: FoldOutcome | undefined;
}

/** One event of the history and the partition that it is in, or will be written to. */
export interface ExperimentsEvent {
  readonly message: HistoryMessage;
  readonly partition: number;
}

export function emptyExperiments(): ExperimentsState {
  return { active: new Map(), ended: new Map(), lastOutcome: undefined };
}

export function endedOf(state: ExperimentState): EndedExperiment | undefined {
  if (!isTerminal(state.status)) return undefined;
  const { gateway, status, bodyHash, errors } = state;
  return { gateway, status, bodyHash, errors };
}

/** What both kinds have in common. */
export function known(
  state: ExperimentsState,
  id: string,
): Pick<EndedExperiment, 'gateway' | 'status' | 'bodyHash' | 'errors'> | undefined {
  return state.active.get(id) ?? state.ended.get(id);
}

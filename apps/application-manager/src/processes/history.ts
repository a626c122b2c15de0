/**
 * What one owned partition of `tidemark.experiments` folds to: every experiment that has not ended, by the fold that all
 * services share. Of those that have ended only the id is kept, so that thousands of them cost next to nothing.
 */
import {
  EXPERIMENTS_TOPIC,
  foldExperiment,
  isTerminal,
  type ExperimentState,
  type FoldOutcome,
  type HistoryMessage,
} from '@tidemark/contracts';

/** A message of the history; the partition it was read from is part of what its successors call their cause. */
export interface HistoryEvent {
  readonly message: HistoryMessage;
  readonly partition: number;
}

export interface PartitionState {
  readonly experiments: Map<string, ExperimentState>;
  readonly ended: Set<string>;
  /** What the last event did, for the owner's count of those that changed nothing. */
  outcome: FoldOutcome;
}

export function initialState(): PartitionState {
  return { experiments: new Map(), ended: new Set(), outcome: 'applied' };
}

export function evolveHistory(state: PartitionState, event: HistoryEvent, offset: number): PartitionState {
  const { message, partition } = event;
  if (state.ended.has(message.key)) {
    state.outcome = 'absorbed';
    return state;
  }
  const record = { topic: EXPERIMENTS_TOPIC, partition, offset };
  const folded = foldExperiment(state.experiments.get(message.key), message, record);
  state.outcome = folded.outcome;
  if (folded.state === undefined) return state;
  if (isTerminal(folded.state.status)) {
    state.experiments.delete(message.key);
    state.ended.add(message.key);
  } else {
    state.experiments.set(message.key, folded.state);
  }
  return state;
}

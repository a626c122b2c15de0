/**
 * What the opening of a log does besides finding its records, each decision in one place. An object, because a checker is
 * only worth what it catches: the simulation of whole clusters replaces one rule at a time by a wrong one and must find
 * out (`libs/simulation/src/run/mutants.ts`). Nothing else gives rules to a log.
 */
export interface LogRules {
  /** From where on batches are read for what they tell of producers, when a snapshot tells what came before. */
  replayFrom(snapshotOffset: number, logEndOffset: number): number;
  /** Whether the file that says where epochs begin is believed only as far as the batches bear it out. */
  checksEpochs(): boolean;
}

export const LOG_RULES: LogRules = {
  replayFrom: (snapshotOffset) => snapshotOffset,
  checksEpochs: () => true,
};

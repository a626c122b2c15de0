/**
 * Who leads a quorum partition after its replicas were fenced at a new epoch: Raft's rule (a log at least as long, by
 * last epoch and end, as those of a majority of the fenced replicas), for each of the sets that must agree. Pure; asked
 * by the election's driver with the answers it has.
 */
import { quorumSets } from '../metadata-image.js';
import type { PartitionImage } from '../metadata-image.js';
import { quorumStepReady } from '../partitions/reassignment-steps.js';

/** How far a fenced replica's log goes. */
export interface LogPosition {
  readonly lastEpoch: number;
  readonly logEnd: number;
}

/**
 * The leader, or nothing while too few have answered. Answers of replicas that are not eligible do not count. Among
 * those who may lead the first replica is preferred, then the longest log, then the replicas' order.
 */
export function chooseQuorumLeader(
  partition: PartitionImage,
  answers: ReadonlyMap<number, LogPosition>,
  mayLead: (brokerId: number) => boolean,
): number | undefined {
  const sets = quorumSets(partition);
  const answered = (id: number): LogPosition | undefined =>
    partition.isr.includes(id) ? answers.get(id) : undefined;
  // Once the step is ready the newcomer may lead and the one that goes may not; before, the reverse.
  const leading = (quorumStepReady(partition) ? sets[sets.length - 1] : sets[0]) ?? [];
  const fit = leading.filter((id) => {
    const log = answered(id);
    return log !== undefined && mayLead(id) && sets.every((set) => majorityBehind(set, log, answered));
  });
  // Who is to lead at the end of a move does so as soon as it may.
  const preferred = [partition.wanted[0], leading[0]].find((id) => id !== undefined && fit.includes(id));
  if (preferred !== undefined) return preferred;
  const longest = fit.map((id) => answered(id)).reduce(longer, undefined);
  return fit.find((id) => longest !== undefined && compare(answered(id), longest) === 0);
}

function majorityBehind(
  set: readonly number[],
  log: LogPosition,
  answered: (id: number) => LogPosition | undefined,
): boolean {
  const behind = set.filter((id) => {
    const other = answered(id);
    return other !== undefined && compare(other, log) <= 0;
  });
  return behind.length > set.length / 2;
}

function longer(one: LogPosition | undefined, other: LogPosition | undefined): LogPosition | undefined {
  return one !== undefined && compare(other, one) <= 0 ? one : other;
}

function compare(one: LogPosition | undefined, other: LogPosition): number {
  if (one === undefined) return -1;
  return one.lastEpoch - other.lastEpoch || one.logEnd - other.logEnd;
}

/**
 * The decisions of a whole broker that safety rests on. An object, because a checker is only worth what it catches: the
 * simulation of whole clusters replaces one rule at a time by a wrong one and must find out
 * (`libs/simulation/src/run/mutants.ts`). `main.ts` gives none, so no configuration reaches it.
 */
import { LOG_RULES, type LogRules } from '@tidemark/log';
import {
  QUORUM_RULES,
  REPLICATION_RULES,
  type QuorumRules,
  type ReplicationRules,
} from '@tidemark/replication';

export interface BrokerRules {
  readonly replication: ReplicationRules;
  readonly quorum: QuorumRules;
  readonly log: LogRules;
  /** How far a replica has its log, when it acknowledges: written, in topics that flush before that flushed. */
  ownEnd(log: { readonly acknowledgeableEnd: number; readonly logEndOffset: number }): number;
  /** Of a replica that a leader proposes for the in-sync set: the registration that it fetched as (KIP-903). */
  proposedEpoch(brokerEpoch: number): number;
  /** Whether a replica leads or follows in an epoch, given the lowest that it has promised to serve. */
  mayServe(epoch: number, promised: number): boolean;
}

export const BROKER_RULES: BrokerRules = {
  replication: REPLICATION_RULES,
  quorum: QUORUM_RULES,
  log: LOG_RULES,
  ownEnd: (log) => log.acknowledgeableEnd,
  proposedEpoch: (brokerEpoch) => brokerEpoch,
  mayServe: (epoch, promised) => epoch >= promised,
};

/**
 * Wrong rules, one at a time. A simulation that finds nothing is worth something only if it finds these.
 */
import { QUORUM_RULES, type QuorumRules } from '../quorum-rules.js';
import { majorityOf } from '../majority.js';

export const MUTANTS: Readonly<Record<string, QuorumRules>> = {
  'votes for a log that is behind': { ...QUORUM_RULES, isUpToDate: () => true },
  'does not notice that a log diverges': { ...QUORUM_RULES, compare: () => ({ is: 'prefix' }) },
  'acknowledges before the disk has it': { ...QUORUM_RULES, mayFetch: () => true },
  'takes a late answer': { ...QUORUM_RULES, isAwaited: () => true },
  'votes twice in an epoch': { ...QUORUM_RULES, mayVote: () => true },
  'forgets its vote in a crash': { ...QUORUM_RULES, persistsVote: () => false },
  'commits an earlier epoch by counting': { ...QUORUM_RULES, mayCommit: () => true },
  'counts its own log before the disk has it': {
    ...QUORUM_RULES,
    ownOffset: (_flushed, log) => log.endOffset,
  },
  'leads with one vote too few': {
    ...QUORUM_RULES,
    isElected: ({ granted }, voters) => granted.length >= majorityOf(voters) - 1,
  },
};

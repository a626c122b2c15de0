/**
 * The verdict table: what the evidence about one attempt means. It is the heart of launching once and of never calling
 * a job successful that was not: success needs an exit record of our own wrapper, and absence of evidence proves
 * nothing. Pure data; the driver gathers the evidence (`evidence.ts`) and does what the verdict asks for.
 */
import { assert } from '@tidemark/platform';
import type { ExitRecord, StartedRecord } from './job-records.js';

export interface Evidence {
  /** False when the resource could not be asked; nothing else means anything then. */
  readonly reachable: boolean;
  /** The log says that it had started; files that say nothing do not undo that. */
  readonly knownStarted: boolean;
  readonly exit?: ExitRecord | undefined;
  readonly started?: StartedRecord | undefined;
  /**
   * Who has the right to run: nobody yet, a wrapper, the manager that took it away, or somebody not yet named.
   * `unreadable`: what must be there since before the launch was intended has been removed or replaced.
   */
  readonly claim: 'none' | 'wrapper' | 'revoked' | 'unnamed' | 'unreadable';
  /** Milliseconds since the claim was made; 0 when there is none. */
  readonly claimAgeMs: number;
  /** `unseen`: it runs where we cannot look. `starting`: this manager has started it and it has not claimed yet. */
  readonly wrapper: 'alive' | 'gone' | 'unseen' | 'starting';
  /** Milliseconds since the wrapper last touched its heartbeat; Infinity when it never did. */
  readonly heartbeatAgeMs: number;
  /** Processes of a job whose wrapper died: not looked for yet, all ended, or some cannot be ended. */
  readonly leftovers: 'unknown' | 'none' | 'some';
}

export type Verdict =
  | 'no-verdict' // ask again later
  | 'exited' // the exit record says how
  | 'running'
  | 'starting' // it may begin at any moment
  | 'revoked' // it has not run and never will: another attempt is safe
  | 'try-revoke' // nobody has claimed it: claim it ourselves, or learn who did
  | 'reap' // its wrapper is dead: end what it left, then look again
  | 'lost'; // it ran or may have run, is certainly gone, and nobody knows how it ended

/** A claim without a name is that of a wrapper (or manager) at work, or of one that died between two writes. */
export const UNNAMED_CLAIM_MAX_MS = 60_000;
/** Heartbeats come every 5 s; on a machine that we cannot look into, more silence than this says nothing. */
export const HEARTBEAT_AGE_MAX_MS = 60_000;

interface Row {
  readonly what: string;
  readonly verdict: Verdict;
  readonly when: (evidence: Evidence) => boolean;
}

/** The first row that fits decides. */
export const VERDICTS: readonly Row[] = [
  {
    what: 'the resource cannot be asked',
    verdict: 'no-verdict',
    when: (e) => !e.reachable,
  },
  {
    what: 'there is an exit record',
    verdict: 'exited',
    when: (e) => e.exit !== undefined,
  },
  {
    what: 'a manager holds the claim',
    verdict: 'revoked',
    when: (e) => e.claim === 'revoked',
  },
  {
    what: 'its wrapper lives and has started it',
    verdict: 'running',
    when: (e) => e.started !== undefined && e.wrapper === 'alive',
  },
  {
    what: 'its wrapper lives and is about to start it',
    verdict: 'starting',
    when: (e) => e.wrapper === 'alive' || e.wrapper === 'starting',
  },
  {
    what: 'its wrapper runs elsewhere and was heard of a moment ago',
    verdict: 'running',
    when: (e) => e.wrapper === 'unseen' && e.heartbeatAgeMs <= HEARTBEAT_AGE_MAX_MS,
  },
  {
    what: 'its wrapper runs elsewhere and is silent',
    verdict: 'no-verdict',
    when: (e) => e.wrapper === 'unseen',
  },
  {
    what: 'nobody has claimed it and nobody we know is about to',
    verdict: 'try-revoke',
    when: (e) => e.claim === 'none' && e.started === undefined && !e.knownStarted,
  },
  {
    what: 'somebody claimed it a moment ago and has not written a name yet',
    verdict: 'starting',
    when: (e) => e.claim === 'unnamed' && e.started === undefined && e.claimAgeMs <= UNNAMED_CLAIM_MAX_MS,
  },
  {
    what: 'its wrapper is dead and what it left has not been ended',
    verdict: 'reap',
    when: (e) => e.leftovers !== 'none',
  },
  {
    what: 'everything of it is gone and there is no exit record',
    verdict: 'lost',
    when: () => true,
  },
];

export function judge(evidence: Evidence): { readonly verdict: Verdict; readonly what: string } {
  const row = VERDICTS.find((candidate) => candidate.when(evidence));
  assert(row !== undefined, 'the last row of the verdict table fits everything');
  return { verdict: row.verdict, what: row.what };
}

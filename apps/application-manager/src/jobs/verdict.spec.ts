/** The verdict table row by row, and that each of its rows is reached. */
import type { ExitRecord, StartedRecord } from './job-records.js';
import { HEARTBEAT_AGE_MAX_MS, judge, UNNAMED_CLAIM_MAX_MS, VERDICTS } from './verdict.js';
import type { Evidence, Verdict } from './verdict.js';

const time = '2026-01-31T12:00:00.000Z';
const exit: ExitRecord = {
  exitCode: 0,
  signal: null,
  reason: 'EXITED',
  startedAt: time,
  endedAt: time,
  truncated: false,
};
const started: StartedRecord = {
  pid: 10,
  startTime: 1,
  bootId: 'b',
  host: 'h',
  childPid: 11,
  childStartTime: 2,
  childGroup: 11,
  startedAt: time,
};
const nothing: Evidence = {
  reachable: true,
  knownStarted: false,
  claim: 'none',
  claimAgeMs: 0,
  wrapper: 'gone',
  heartbeatAgeMs: Infinity,
  leftovers: 'unknown',
};

const cases: [string, Partial<Evidence>, Verdict][] = [
  ['unreachable, whatever else is said', { reachable: false, exit, started }, 'no-verdict'],
  [
    'an exit record, although the wrapper still lives',
    { exit, started, claim: 'wrapper', wrapper: 'alive' },
    'exited',
  ],
  ['a manager took the claim', { claim: 'revoked' }, 'revoked'],
  ['running', { started, claim: 'wrapper', wrapper: 'alive' }, 'running'],
  ['claimed, not started yet', { claim: 'wrapper', wrapper: 'alive' }, 'starting'],
  ['spawned by us, not claimed yet', { wrapper: 'starting' }, 'starting'],
  [
    'another machine, young heartbeat',
    { started, claim: 'wrapper', wrapper: 'unseen', heartbeatAgeMs: 1000 },
    'running',
  ],
  [
    'another machine, silent',
    { started, claim: 'wrapper', wrapper: 'unseen', heartbeatAgeMs: HEARTBEAT_AGE_MAX_MS + 1 },
    'no-verdict',
  ],
  ['nothing at all', {}, 'try-revoke'],
  ['nothing, but the log says that it ran', { knownStarted: true }, 'reap'],
  ['claim removed by the job itself', { started }, 'reap'],
  ['the folder of its files is gone', { claim: 'unreadable' }, 'reap'],
  ['claimed a moment ago by somebody unnamed', { claim: 'unnamed', claimAgeMs: 50 }, 'starting'],
  [
    'claimed long ago by somebody unnamed',
    { claim: 'unnamed', claimAgeMs: UNNAMED_CLAIM_MAX_MS + 1 },
    'reap',
  ],
  ['wrapper killed', { started, claim: 'wrapper' }, 'reap'],
  ['wrapper killed before it started the job', { claim: 'wrapper' }, 'reap'],
  ['wrapper killed, its job cannot be ended', { started, claim: 'wrapper', leftovers: 'some' }, 'reap'],
  ['wrapper killed, everything ended', { started, claim: 'wrapper', leftovers: 'none' }, 'lost'],
];

describe('the verdict table', () => {
  it.each(cases)('%s', (_, evidence, verdict) => {
    expect(judge({ ...nothing, ...evidence }).verdict).toBe(verdict);
  });

  it('has no row that no case reaches', () => {
    const reached = new Set(cases.map(([, evidence]) => judge({ ...nothing, ...evidence }).what));
    expect(VERDICTS.map((row) => row.what).filter((what) => !reached.has(what))).toEqual([]);
  });
});

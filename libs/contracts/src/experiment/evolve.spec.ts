/** The fold of an experiment over whole histories: every way to its end, and events that it must not believe. */
import fc from 'fast-check';
import { EVENTS as E, foldHistory, historyEvent, RUNNING } from '../testing/history.js';
import type { HistoryMessage } from './evolve.js';
import { isTerminal } from './statuses.js';

const upTo = (count: number): HistoryMessage[] => RUNNING().slice(0, count);

describe('the fold of an experiment', () => {
  it('goes from submission to COMPLETED', () => {
    const history = [...RUNNING(), E.exited(1, 0), E.output(), E.processCompleted(), E.completed()];
    const { state, outcomes } = foldHistory(history);
    expect(outcomes).toEqual(history.map(() => 'applied'));
    expect(state).toMatchObject({
      status: 'COMPLETED',
      reasonCode: 'OK',
      exitCode: 0,
      application: { name: 'word-count', version: '1' },
      endedAt: '2026-01-31T12:00:00.000Z',
      revision: 14,
      seen: [],
    });
    expect(state?.processes[0]).toMatchObject({
      status: 'COMPLETED',
      owner: 'application-manager-1',
      activatedBy: 'tidemark.experiments/3@9',
      settledBy: 'tidemark.experiments/3@13',
    });
    expect(state?.processes[0]?.jobs).toMatchObject([
      { attempt: 1, status: 'COMPLETE', reasonCode: 'OK', exitCode: 0 },
    ]);
    expect(state?.processes[0]?.outputs).toHaveLength(1);
  });

  it.each<[string, HistoryMessage[], string, string, string | undefined]>([
    ['a rejected request', [E.created(), E.rejected()], 'FAILED', '-', 'VALIDATION'],
    [
      'an exit with 3',
      [...RUNNING(), E.exited(1, 3)],
      'EXECUTING',
      'OUTPUT_DATA_STAGING',
      'APP_EXIT_NONZERO',
    ],
    [
      'a job killed from outside',
      [...RUNNING(), E.exited(1, 137, 9)],
      'EXECUTING',
      'OUTPUT_DATA_STAGING',
      'APP_SIGNALED',
    ],
    ['a lost job', [...RUNNING(), E.lost()], 'EXECUTING', 'OUTPUT_DATA_STAGING', 'LOST'],
    [
      'stopped though nobody asked',
      [...RUNNING(), E.stopped()],
      'EXECUTING',
      'OUTPUT_DATA_STAGING',
      'CANCELED_EXTERNALLY',
    ],
    [
      'an exit found right after the intent',
      [...upTo(8), E.exited(1, 0)],
      'LAUNCHED',
      'OUTPUT_DATA_STAGING',
      'OK',
    ],
    [
      'cancelled before it was accepted',
      [...upTo(3), E.cancel()],
      'CANCELING',
      'CANCELED',
      'CANCELED_BY_USER',
    ],
    ['cancelled while staging', [...upTo(6), E.cancel()], 'CANCELING', 'CANCELED', 'CANCELED_BY_USER'],
    ['cancelled while running', [...RUNNING(), E.cancel()], 'CANCELING', 'CANCELING', undefined],
    [
      'cancelled, then stopped',
      [...RUNNING(), E.cancel(), E.stopped()],
      'CANCELING',
      'CANCELED',
      'CANCELED_BY_USER',
    ],
    [
      'cancelled, then lost',
      [...RUNNING(), E.cancel(), E.lost()],
      'CANCELING',
      'CANCELED',
      'CANCELED_BY_USER',
    ],
    [
      'cancelled, but it had ended well',
      [...RUNNING(), E.cancel(), E.exited(1, 0)],
      'CANCELING',
      'OUTPUT_DATA_STAGING',
      'OK',
    ],
    [
      'cancelled after the exit',
      [...RUNNING(), E.exited(1, 0), E.cancel()],
      'CANCELING',
      'OUTPUT_DATA_STAGING',
      'OK',
    ],
    ['refused for good', [...upTo(8), E.refused(false)], 'LAUNCHED', 'FAILED', 'LAUNCH_REJECTED'],
    ['refused for now', [...upTo(8), E.refused(true)], 'LAUNCHED', 'REQUEUED', 'LAUNCH_REJECTED'],
    ['revoked', [...upTo(8), E.unknown(), E.revoked()], 'LAUNCHED', 'REQUEUED', 'LAUNCH_NEVER_RAN'],
    [
      'revoked while cancelling',
      [...upTo(8), E.cancel(), E.revoked()],
      'CANCELING',
      'CANCELED',
      'CANCELED_BY_USER',
    ],
    [
      'a second attempt',
      [...upTo(8), E.revoked(), E.intended(2)],
      'LAUNCHED',
      'EXECUTING',
      'LAUNCH_NEVER_RAN',
    ],
    [
      'nothing to stop',
      [...upTo(8), E.revoked(), E.cancel(), E.processCanceled()],
      'CANCELING',
      'CANCELED',
      'CANCELED_BY_USER',
    ],
  ])('%s', (_, history, experiment, process, reason) => {
    const { state, outcomes } = foldHistory(history);
    expect(outcomes).toEqual(history.map(() => 'applied'));
    expect(state?.status).toBe(experiment);
    expect(state?.processes[0]?.status ?? '-').toBe(process);
    expect(state?.processes[0]?.reasonCode ?? state?.reasonCode).toBe(reason);
  });

  it('finishes a cancelled experiment as COMPLETED when its process had completed', () => {
    const { state } = foldHistory([
      ...RUNNING(),
      E.cancel(),
      E.exited(1, 0),
      E.output(),
      E.processCompleted(),
      E.completed(),
    ]);
    expect(state).toMatchObject({
      status: 'COMPLETED',
      reasonCode: 'OK',
      cancel: { reason: 'wrong input', by: 'admin' },
    });
  });

  it.each<[string, HistoryMessage[], HistoryMessage, string]>([
    ['an event twice', upTo(4), E.accepted(), 'duplicate'],
    ['an event before its experiment', [], E.accepted(), 'orphan'],
    ['a second creation under another id', upTo(3), { ...E.created(), id: 'other' }, 'refused'],
    ['a launch that lost against a cancel', [...upTo(6), E.cancel()], E.intended(), 'refused'],
    ['a launch while another attempt is alive', upTo(9), E.intended(2), 'refused'],
    ['an attempt that skips a number', [...upTo(8), E.revoked()], E.intended(3), 'refused'],
    ['an exit of an older attempt', [...upTo(8), E.revoked(), E.intended(2)], E.exited(1, 0), 'refused'],
    ['a revocation of what runs', RUNNING(), E.revoked(), 'refused'],
    ['a second verdict', [...RUNNING(), E.exited(1, 3)], E.lost(), 'refused'],
    ['success without an exit record', RUNNING(), E.processCompleted(), 'refused'],
    [
      'a process that is not there',
      RUNNING(),
      historyEvent('ProcessCompleted', { processIndex: 1 }),
      'refused',
    ],
    ['failure while cancelling', [...RUNNING(), E.cancel()], E.failed(), 'refused'],
    ['cancellation that nobody asked for', RUNNING(), E.canceled(), 'refused'],
    ['anything after the end', [E.created(), E.rejected()], E.validated(), 'absorbed'],
  ])('%s changes nothing', (_, history, event, outcome) => {
    const before = JSON.stringify(foldHistory(history).state);
    const { state, outcomes } = foldHistory([...history, event]);
    expect(outcomes.at(-1)).toBe(outcome);
    expect(JSON.stringify(state)).toBe(before);
  });

  it('refuses a token that is not the attempt’s', () => {
    const event = E.exited(1, 0);
    const forged = { ...event, payload: { ...event.payload, token: event.payload.token.replace(/1$/, '2') } };
    expect(foldHistory([...RUNNING(), forged]).outcomes.at(-1)).toBe('refused');
  });

  it('is total, survives JSON in the middle, and never leaves a terminal state', () => {
    const anyEvent = fc.constantFrom(
      ...Object.values(E).flatMap((make) => [(make as () => HistoryMessage)()]),
      E.exited(1, 0),
      E.exited(1, 3),
      E.exited(2, 0),
      E.intended(2),
      E.activated(2),
      E.refused(true),
      E.refused(false),
    );
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 40 }), fc.nat(11), (events, prefix) => {
        const history = [...upTo(prefix), ...events];
        let ended: string | undefined;
        history.forEach((_, index) => {
          const { state } = foldHistory(history.slice(0, index + 1));
          if (ended !== undefined) expect(state?.status).toBe(ended);
          if (state !== undefined && isTerminal(state.status)) ended = state.status;
          expect(JSON.parse(JSON.stringify(state ?? null))).toEqual(state ?? null);
          const alive = state?.processes[0]?.jobs.filter(
            (job) =>
              job.endedAt === undefined &&
              ['INTENDED', 'SUBMITTED', 'ACTIVE', 'LAUNCH_UNKNOWN'].includes(job.status),
          );
          expect(alive?.length ?? 0).toBeLessThanOrEqual(1);
        });
        expect(foldHistory(history, 2).state).toEqual(foldHistory(history).state);
      }),
      { numRuns: 200 },
    );
  });
});

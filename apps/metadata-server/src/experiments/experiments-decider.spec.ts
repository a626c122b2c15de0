/** The experiments decider, given, when and then: creation, launch, cancel, and what observed facts make due. */
import { fold, given } from '@tidemark/decider';
import fc from 'fast-check';
import {
  cancelRequest,
  catalogView,
  createRequest,
  fact,
  FACTS,
  FILE,
  HASH,
  ID,
  launchRequest,
  PARTITION,
  TIME,
  UP_TO_RUNNING,
} from '../testing/stories.js';
import { dueEvents } from './due-events.js';
import type { ExperimentsCommand } from './experiments-command.js';
import { experimentsDecider as decider } from './experiments-decider.js';
import type { ExperimentsEvent, ExperimentsState } from './experiments-state.js';

const SETTLE: ExperimentsCommand = { kind: 'settle', experimentId: ID, partition: PARTITION, time: TIME };

const eventsOf = (history: readonly ExperimentsEvent[], command: ExperimentsCommand): ExperimentsEvent[] => {
  const decision = decider.decide(fold(decider, history), command);
  return 'rejected' in decision ? [] : [...decision.events];
};
const typesOf = (events: readonly ExperimentsEvent[]): string[] => events.map(({ message }) => message.type);
const statusOf = (state: ExperimentsState): string | undefined =>
  state.active.get(ID)?.status ?? state.ended.get(ID)?.status;
const problemOf = (history: readonly ExperimentsEvent[], command: ExperimentsCommand): string | undefined => {
  const decision = decider.decide(fold(decider, history), command);
  if ('rejected' in decision) return decision.rejected.code;
  return 'problem' in decision.reply ? decision.reply.problem.code : undefined;
};

const LAUNCHED = eventsOf([], createRequest());
const VALIDATED = eventsOf([], createRequest({ launch: false }));
const RUNNING = [...LAUNCHED, ...UP_TO_RUNNING];
const CANCELING = [...RUNNING, ...eventsOf(RUNNING, cancelRequest())];

describe('creating an experiment', () => {
  it('validates it by the catalog and launches it, in one batch', () => {
    given(decider, [])
      .when(createRequest())
      .then(LAUNCHED, { id: ID, status: 'LAUNCHED', repeated: false })
      .thenState(statusOf, 'LAUNCHED');
    expect(typesOf(LAUNCHED)).toEqual(['ExperimentCreated', 'ExperimentValidated', 'ExperimentLaunched']);
    expect(LAUNCHED[1]?.message.payload).toEqual({
      catalogPosition: 'tidemark.catalog/0@1',
      spec: {
        application: { name: 'word-count', version: '1' },
        command: ['node', '{app}/word-count.mjs', '{input:text}'],
        files: [{ path: 'word-count.mjs', sha256: HASH, bytes: 10 }],
        inputs: [
          {
            name: 'text',
            type: 'URI',
            file: { dataProductId: FILE.id, name: 'README.md', sha256: HASH, bytes: 1234 },
          },
          { name: 'top', type: 'INTEGER', value: 10 },
        ],
        outputs: [{ name: 'counts', path: 'counts.json', required: true }],
        walltimeSeconds: 60,
        attemptsMax: 3,
      },
    });
    for (const { message, partition } of LAUNCHED) {
      expect(message).toMatchObject({ key: ID, actor: 'admin', cause: 'tidemark.commands/3@7', time: TIME });
      expect(partition).toBe(PARTITION);
    }
  });

  it('makes the same ids when the same command is decided twice, so that the second time changes nothing', () => {
    const again = eventsOf([], createRequest());
    expect(again.map(({ message }) => message.id)).toEqual(LAUNCHED.map(({ message }) => message.id));
    const state = fold(decider, [...LAUNCHED, ...again]);
    expect(state.lastOutcome).toBe('duplicate');
    expect(statusOf(state)).toBe('LAUNCHED');
  });

  it('answers a repeated request with the same experiment, and another body under the key with a refusal', () => {
    given(decider, LAUNCHED).when(createRequest()).then([], { id: ID, status: 'LAUNCHED', repeated: true });
    expect(problemOf(LAUNCHED, createRequest({ bodyHash: 'b'.repeat(64) }))).toBe('idempotency-key-reused');
    const ended = [...VALIDATED, ...eventsOf(VALIDATED, cancelRequest())];
    given(decider, ended).when(createRequest()).then([], { id: ID, status: 'CANCELED', repeated: true });
    expect(problemOf(ended, createRequest({ bodyHash: 'b'.repeat(64) }))).toBe('idempotency-key-reused');
  });

  it.each<[string, Parameters<typeof createRequest>[0], string, string]>([
    [
      'an unknown application',
      { application: { name: 'nothing' } },
      '/application/name',
      'unknown-application',
    ],
    [
      'an unknown version',
      { application: { name: 'word-count', version: '9' } },
      '/application/version',
      'unknown-version',
    ],
    ['a missing input', { inputs: {} }, '/inputs/text', 'required'],
    ['an unknown input', { inputs: { text: FILE.id, x: 1 } }, '/inputs/x', 'unknown-input'],
    ['a number out of bounds', { inputs: { text: FILE.id, top: 101 } }, '/inputs/top', 'too-large'],
    [
      'a file that was not uploaded',
      { inputs: { text: FILE.id.replace(/.$/, '0') } },
      '/inputs/text',
      'unknown-data-product',
    ],
    ['too long a walltime', { walltimeSeconds: 61 }, '/walltimeSeconds', 'too-large'],
  ])('rejects %s, and remembers it', (_, overrides, pointer, code) => {
    const rejected = eventsOf([], createRequest(overrides));
    expect(typesOf(rejected)).toEqual(['ExperimentCreated', 'ExperimentRejected']);
    expect(rejected[1]?.message.payload).toMatchObject({ errors: [{ pointer, code }] });
    expect(problemOf([], createRequest(overrides))).toBe('validation');
    expect(statusOf(fold(decider, rejected))).toBe('FAILED');
    expect(problemOf(rejected, createRequest(overrides))).toBe('validation');
    expect(eventsOf(rejected, createRequest(overrides))).toEqual([]);
  });

  it('decides nothing while the catalog is behind what the sender had seen', () => {
    expect(problemOf([], createRequest({}, catalogView({ reached: false })))).toBe('catalog-behind');
    expect(eventsOf([], createRequest({}, catalogView({ reached: false })))).toEqual([]);
    given(decider, LAUNCHED)
      .when(createRequest({}, catalogView({ reached: false })))
      .then([], { id: ID, status: 'LAUNCHED', repeated: true });
  });

  it('lets the fold say who was first when two owners decide', () => {
    const other = eventsOf([], createRequest({ bodyHash: 'b'.repeat(64) }));
    const state = fold(decider, [...other, ...LAUNCHED]);
    expect(
      decider.conclude?.(state, createRequest(), { id: ID, status: 'LAUNCHED', repeated: false }),
    ).toMatchObject({
      problem: { code: 'idempotency-key-reused' },
    });
  });
});

describe('launching and cancelling', () => {
  it('launches what was only validated', () => {
    expect(typesOf(eventsOf(VALIDATED, launchRequest()))).toEqual(['ExperimentLaunched']);
    given(decider, LAUNCHED).when(launchRequest()).then([], { id: ID, status: 'LAUNCHED', repeated: true });
    expect(problemOf([], launchRequest())).toBe('experiment-not-found');
    expect(problemOf(CANCELING, launchRequest())).toBe('illegal-transition');
  });

  it.each<[string, ExperimentsEvent[], string[], string]>([
    [
      'what was never launched at once',
      VALIDATED,
      ['ExperimentCancelRequested', 'ExperimentCanceled'],
      'CANCELED',
    ],
    ['what was launched when its process has ended', LAUNCHED, ['ExperimentCancelRequested'], 'CANCELING'],
    ['what runs when its process has ended', RUNNING, ['ExperimentCancelRequested'], 'CANCELING'],
    ['what is being cancelled no more than once', CANCELING, [], 'CANCELING'],
  ])('cancels %s', (_, history, types, status) => {
    const events = eventsOf(history, cancelRequest());
    expect(typesOf(events)).toEqual(types);
    expect(statusOf(fold(decider, [...history, ...events]))).toBe(status);
  });

  it('refuses to cancel what has ended, what is not there, and what is somebody else’s', () => {
    const rejected = eventsOf([], createRequest({ inputs: {} }));
    expect(problemOf(rejected, cancelRequest())).toBe('already-terminal');
    expect(problemOf([], cancelRequest())).toBe('experiment-not-found');
    expect(problemOf(LAUNCHED, cancelRequest('another'))).toBe('experiment-not-found');
  });
});

describe('what facts make due', () => {
  it.each<[string, ExperimentsEvent[], string[], string]>([
    ['nothing before the job runs', LAUNCHED, [], 'LAUNCHED'],
    ['the start, once the job runs', RUNNING, ['ExperimentExecutionStarted'], 'EXECUTING'],
    [
      'start and end, when both were missed',
      [...RUNNING, FACTS.exited(0), FACTS.processCompleted],
      ['ExperimentExecutionStarted', 'ExperimentCompleted'],
      'COMPLETED',
    ],
    [
      'failure with the exit code and reason',
      [...RUNNING, ...eventsOf(RUNNING, SETTLE), FACTS.exited(3), FACTS.processFailed],
      ['ExperimentFailed'],
      'FAILED',
    ],
    [
      'cancellation, once the job was stopped',
      [...CANCELING, FACTS.exited(143, 'CANCELED')],
      ['ExperimentCanceled'],
      'CANCELED',
    ],
    [
      'cancellation at once when nothing was launched yet',
      [...LAUNCHED, ...eventsOf(LAUNCHED, cancelRequest())],
      ['ExperimentCanceled'],
      'CANCELED',
    ],
    [
      'completion, when the job had ended well before the cancel took effect',
      [...CANCELING, FACTS.exited(0), FACTS.processCompleted],
      ['ExperimentCompleted'],
      'COMPLETED',
    ],
    [
      'failure without a job, when staging failed',
      [
        ...LAUNCHED,
        FACTS.accepted,
        fact('ProcessFailed', { processIndex: 0, reasonCode: 'STAGING_IN_FAILED' }),
      ],
      ['ExperimentFailed'],
      'FAILED',
    ],
  ])('%s', (_, history, types, status) => {
    const events = eventsOf(history, SETTLE);
    expect(typesOf(events)).toEqual(types);
    const state = fold(decider, [...history, ...events]);
    expect(statusOf(state)).toBe(status);
    expect(eventsOf([...history, ...events], SETTLE)).toEqual([]);
  });

  it('names the record that made it due, and makes the same id from it every time', () => {
    const [first] = eventsOf(RUNNING, SETTLE);
    expect(first?.message).toMatchObject({ cause: 'tidemark.experiments/3@8', actor: 'metadata-server' });
    const [second] = eventsOf(RUNNING, { ...SETTLE, time: '2027-01-01T00:00:00.000Z' });
    expect(second?.message.id).toBe(first?.message.id);
    const history = [...RUNNING, FACTS.exited(3), FACTS.processFailed];
    expect(eventsOf(history, SETTLE)[1]?.message.payload).toEqual({
      reasonCode: 'APP_EXIT_NONZERO',
      exitCode: 3,
      detail: 'exited with 3',
    });
  });

  it('never owes what the fold then refuses: after settling nothing is due, whatever happened before', () => {
    const any = fc.constantFrom(
      ...UP_TO_RUNNING,
      FACTS.exited(0),
      FACTS.exited(3),
      FACTS.exited(143, 'CANCELED'),
      FACTS.processCompleted,
      FACTS.processFailed,
      ...eventsOf(RUNNING, cancelRequest()),
      fact('JobAttemptRevoked', { processIndex: 0, attempt: 1, token: `job-${ID.slice(4)}-0-1` }),
      fact('ProcessCanceled', { processIndex: 0, reasonCode: 'CANCELED_BY_USER' }),
    );
    fc.assert(
      fc.property(fc.nat(UP_TO_RUNNING.length), fc.array(any, { maxLength: 20 }), (count, events) => {
        const history = [...LAUNCHED, ...UP_TO_RUNNING.slice(0, count), ...events];
        const state = fold(decider, [...history, ...eventsOf(history, SETTLE)]).active.get(ID);
        expect(state === undefined ? [] : dueEvents(state)).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});

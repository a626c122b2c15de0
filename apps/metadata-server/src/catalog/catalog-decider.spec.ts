/** The catalog decider, given, when and then: applications, their versions, and data products. */
import {
  applicationKey,
  bodyHash,
  type CatalogState,
  dataProductIdOf,
  findApplication,
} from '@tidemark/contracts';
import { fold } from '@tidemark/decider';
import { commandMessage, FILE, HASH, TIME, WORD_COUNT } from '../testing/stories.js';
import { type CatalogCommand, catalogDecider as decider, type CatalogEvent } from './catalog-decider.js';

let records = 0;
const command = (message: CatalogCommand['message']): CatalogCommand => {
  records += 1;
  return { message, partition: 2, cause: `tidemark.commands/2@${records}`, time: TIME };
};
const register = (overrides: Partial<typeof WORD_COUNT> = {}, gateway = 'default'): CatalogCommand =>
  command(
    commandMessage(
      'RegisterApplication',
      applicationKey(overrides.name ?? WORD_COUNT.name),
      { application: { ...WORD_COUNT, ...overrides }, catalogPosition: '' },
      { gateway },
    ),
  );
const upload = (overrides: Partial<typeof FILE> = {}): CatalogCommand =>
  command(
    commandMessage('RegisterDataProduct', `data-product/${FILE.id}`, {
      dataProduct: { ...FILE, ...overrides },
      catalogPosition: '',
    }),
  );
const decide = (history: readonly CatalogEvent[], asked: CatalogCommand) =>
  decider.decide(fold(decider, history), asked);
const eventsOf = (history: readonly CatalogEvent[], asked: CatalogCommand): CatalogEvent[] => {
  const decision = decide(history, asked);
  return 'rejected' in decision ? [] : [...decision.events];
};
const codeOf = (history: readonly CatalogEvent[], asked: CatalogCommand): string | undefined => {
  const decision = decide(history, asked);
  return 'rejected' in decision ? decision.rejected.code : undefined;
};

describe('registering an application', () => {
  const first = eventsOf([], register());

  it('writes its whole state under its name', () => {
    expect(first).toHaveLength(1);
    expect(first[0]).toMatchObject({
      partition: 2,
      message: {
        key: 'application/word-count',
        type: 'ApplicationRegistered',
        payload: { application: WORD_COUNT, sha256: bodyHash(WORD_COUNT), versions: [{ version: '1' }] },
      },
    });
  });

  it('keeps the older version beside the new one', () => {
    const history = [...first, ...eventsOf(first, register({ version: '2', walltimeSeconds: 5 }))];
    expect(history.map(({ message }) => message.key)).toEqual([
      'application/word-count',
      'application/word-count@1',
      'application/word-count',
    ]);
    const state: CatalogState = fold(decider, history);
    expect(findApplication(state, 'word-count')?.application.version).toBe('2');
    expect(findApplication(state, 'word-count', '1')?.application.walltimeSeconds).toBe(60);
    expect(findApplication(state, 'word-count')?.versions.map(({ version }) => version)).toEqual(['1', '2']);
    expect(codeOf(history, register({ walltimeSeconds: 5 }))).toBe('version-exists');
    expect(eventsOf(history, register())).toEqual([]);
  });

  it('takes the same again as said before, and never other content for a published version', () => {
    expect(decide(first, register())).toEqual({
      events: [],
      reply: { result: { kind: 'application', name: 'word-count', version: '1', repeated: true } },
    });
    expect(codeOf(first, register({ description: 'another' }))).toBe('version-exists');
    expect(codeOf(first, register({ version: '2' }, 'another'))).toBe('forbidden');
  });

  it('lets the fold say who was first when two owners decide', () => {
    const rival = eventsOf([], register({ description: 'another' }));
    const mine = register();
    const state = fold(decider, [...rival, ...eventsOf([], mine)]);
    expect(findApplication(state, 'word-count')?.application.description).toBeUndefined();
    const theirs = register({ description: 'another' });
    const result = { kind: 'application', name: 'word-count', version: '1', repeated: false } as const;
    expect(decider.conclude?.(state, theirs, { result })).toMatchObject({
      problem: { code: 'version-exists' },
    });
  });

  it.each<[string, Partial<typeof WORD_COUNT>, string]>([
    ['an argument that names no input', { command: ['node', '{input:nothing}'] }, '/command/1'],
    ['a program that an input chooses', { command: ['{input:text}'] }, '/command/0'],
    [
      'an input twice',
      { inputs: [...WORD_COUNT.inputs, ...WORD_COUNT.inputs.slice(0, 1)] },
      '/inputs/2/name',
    ],
    [
      'an output called stdout',
      { outputs: [{ name: 'stdout', path: 'x', required: false }] },
      '/outputs/0/name',
    ],
    [
      'a pattern that could take for ever',
      { inputs: [{ name: 'text', type: 'STRING', required: true, pattern: '(a+)+b' }] },
      '/inputs/0/pattern',
    ],
  ])('refuses %s', (_, overrides, pointer) => {
    const decision = decide([], register(overrides));
    expect('rejected' in decision && decision.rejected).toMatchObject({
      code: 'validation',
      errors: [{ pointer }],
    });
  });
});

describe('registering a data product', () => {
  it('writes it once', () => {
    const history = eventsOf([], upload());
    expect(history).toMatchObject([
      { message: { key: `data-product/${FILE.id}`, payload: { dataProduct: FILE } } },
    ]);
    expect(decide(history, upload())).toEqual({
      events: [],
      reply: { result: { kind: 'data-product', id: FILE.id, repeated: true } },
    });
  });

  it('refuses an id that does not follow from the content', () => {
    expect(codeOf([], upload({ sha256: 'b'.repeat(64) }))).toBe('validation');
    const id = dataProductIdOf({ gateway: 'another', name: FILE.name, sha256: HASH });
    expect(codeOf([], upload({ id }))).toBe('validation');
  });
});

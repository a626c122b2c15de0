/**
 * The small parts: ids, canonical JSON, positions, values, application checks, inputs, the catalog's fold.
 */
import fc from 'fast-check';
import { applicationFileSchema, type InputDefinition } from './catalog/application.js';
import { inputsNamedIn, resolveArguments } from './catalog/arguments.js';
import { emptyCatalog, findApplication, foldCatalog } from './catalog/catalog-fold.js';
import { patternFault } from './catalog/safe-pattern.js';
import { bodyHash, canonicalJson } from './canonical-json.js';
import { newMessage } from './envelope/envelope.js';
import {
  DATA_PRODUCT_ID_PATTERN,
  dataProductIdOf,
  EXPERIMENT_ID_PATTERN,
  experimentIdFromBytes,
  experimentIdOf,
  JOB_TOKEN_PATTERN,
  jobTokenOf,
} from './ids.js';
import { resolveInputs } from './inputs.js';
import { fileNameSchema, inputValueSchema, relativePathSchema, titleSchema } from './messages/values.js';
import {
  formatPosition,
  isAtOrPast,
  mergePositions,
  parsePosition,
  parseRecordReference,
} from './position.js';
import { TOPICS, topicConfigs } from './topics.js';

describe('ids', () => {
  it('are the same for the same, and different for anything else', () => {
    const base = { gateway: 'default', actor: 'admin', route: 'POST /v1/experiments', idempotencyKey: 'k1' };
    const id = experimentIdOf(base);
    expect(id).toMatch(EXPERIMENT_ID_PATTERN);
    expect(experimentIdOf({ ...base })).toBe(id);
    for (const part of Object.keys(base)) expect(experimentIdOf({ ...base, [part]: 'x' })).not.toBe(id);
    expect(experimentIdOf({ ...base, gateway: 'defaulta', actor: 'dmin' })).not.toBe(id);
    expect(jobTokenOf(id, 0, 1)).toMatch(JOB_TOKEN_PATTERN);
    expect(dataProductIdOf({ gateway: 'g', name: 'n', sha256: 's' })).toMatch(DATA_PRODUCT_ID_PATTERN);
  });

  it('take their bits from all of the bytes', () => {
    const bytes = Uint8Array.from({ length: 17 }, (_, index) => index * 15);
    const id = experimentIdFromBytes(bytes);
    expect(id).toMatch(EXPERIMENT_ID_PATTERN);
    bytes.forEach((byte, index) => {
      const changed = Uint8Array.from(bytes);
      changed[index] = byte ^ 0xff;
      expect(experimentIdFromBytes(changed)).not.toBe(id);
    });
    expect(() => experimentIdFromBytes(new Uint8Array(16))).toThrow(RangeError);
  });
});

describe('canonical JSON', () => {
  it('does not care in which order things were said', () => {
    expect(canonicalJson({ b: [1, { d: 'é', c: null }], a: true, x: undefined })).toBe(
      '{"a":true,"b":[1,{"c":null,"d":"é"}]}',
    );
    expect(bodyHash({ a: 1, b: 2 })).toBe(bodyHash({ b: 2, a: 1 }));
    expect(bodyHash({ a: 1 })).not.toBe(bodyHash({ a: '1' }));
    expect(() => canonicalJson({ a: NaN })).toThrow(TypeError);
  });

  it('says what JSON.parse reads back', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) =>
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value))),
      ),
    );
  });
});

describe('positions', () => {
  it('are sorted lists that come back as they were', () => {
    const position = new Map([
      ['tidemark.experiments/3', 7],
      ['tidemark.catalog/0', 12],
      ['tidemark.catalog/1', 0],
    ]);
    expect(formatPosition(position)).toBe('tidemark.catalog/0@12,tidemark.experiments/3@7');
    expect([...(parsePosition(formatPosition(position)) ?? [])]).toEqual([
      ['tidemark.catalog/0', 12],
      ['tidemark.experiments/3', 7],
    ]);
    expect(parsePosition('')).toEqual(new Map());
  });

  it.each([
    'x',
    'a/1',
    'a/1@',
    'a/1@-1',
    'a/1@01',
    'a/1@2,',
    'a b/1@2',
    '/1@2',
    `${'a/1@2,'.repeat(4000)}a/1@2`,
    'a/1@99999999999999999',
  ])('refuse %#', (text) => {
    expect(parsePosition(text)).toBeUndefined();
  });

  it('compare by partition, and by the topics that matter', () => {
    const reached = new Map([['a/0', 5]]);
    const wanted = mergePositions(new Map([['a/0', 5]]), new Map([['b/0', 1]]));
    expect(isAtOrPast(reached, wanted)).toBe(false);
    expect(isAtOrPast(reached, wanted, (topic) => topic === 'a')).toBe(true);
    expect(isAtOrPast(new Map([['a/0', 4]]), wanted, (topic) => topic === 'a')).toBe(false);
    expect(parseRecordReference('tidemark.commands/3@7')).toEqual({
      topic: 'tidemark.commands',
      partition: 3,
      offset: 7,
    });
  });
});

describe('topics', () => {
  it('agree on the partitions of what is owned together', () => {
    const owned = TOPICS.filter(({ key }) => key.startsWith('experimentId') || key === 'kind/name');
    expect(new Set(owned.map(({ partitions }) => partitions))).toEqual(new Set([12]));
    expect(new Set(TOPICS.map(({ name }) => name)).size).toBe(TOPICS.length);
    for (const topic of TOPICS) expect(Object.keys(topicConfigs(topic))).toContain('cleanup.policy');
  });
});

describe('values from outside', () => {
  it.each(['../x', 'a/../b', '/etc/passwd', 'a//b', 'a/./b', '.hidden', 'a\\b', 'a\u0000b', 'a\nb', ''])(
    'no path leads out: %j',
    (text) => {
      expect(relativePathSchema.safeParse(text).success).toBe(false);
      expect(fileNameSchema.safeParse(text).success).toBe(false);
    },
  );

  it.each(['x.txt', 'my file (1).csv', 'Überblick.md', 'a;rm -rf $(x).txt'])(
    'a name like %j is fine',
    (text) => {
      expect(fileNameSchema.safeParse(text).success).toBe(true);
    },
  );

  it.each(['a\u0000b', 'a\u001bb', 'a\u2028b', '\ud800', 'tab\there'])(
    'control characters are refused: %j',
    (text) => {
      expect(titleSchema.safeParse(text).success).toBe(false);
      expect(inputValueSchema.safeParse(text).success).toBe(false);
    },
  );
});

describe('an application file', () => {
  it('needs little', () => {
    expect(applicationFileSchema.parse({ name: 'true', version: '1', command: ['true'] })).toEqual({
      name: 'true',
      version: '1',
      command: ['true'],
      files: [],
      inputs: [],
      outputs: [],
      walltimeSeconds: 3600,
      attemptsMax: 3,
    });
    expect(applicationFileSchema.safeParse({ name: 'a b', version: '1', command: ['true'] }).success).toBe(
      false,
    );
    expect(applicationFileSchema.safeParse({ name: 'a', version: '1', command: [] }).success).toBe(false);
    expect(
      applicationFileSchema.safeParse({ name: 'a', version: '1', command: ['x'], shell: true }).success,
    ).toBe(false);
  });
});

describe('arguments', () => {
  const values: Record<string, string> = { text: '/job/My file; $(x).txt', n: '3' };
  const resolve = (command: string[]): string[] => resolveArguments(command, '/app', (name) => values[name]);

  it.each<[string[], string[]]>([
    [
      ['node', '{app}/a.mjs', '{input:text}'],
      ['node', '/app/a.mjs', '/job/My file; $(x).txt'],
    ],
    [
      ['x', '--n={input:n}', '-{input:n}-{input:n}'],
      ['x', '--n=3', '-3-3'],
    ],
    [
      ['x', '--seed={input:seed}', 'y'],
      ['x', 'y'],
    ],
    [
      ['x', '{other}', '{input:}', '{ }', '$1 $& {app'],
      ['x', '{other}', '{input:}', '{ }', '$1 $& {app'],
    ],
  ])('%j', (command, expected) => {
    expect(resolve(command)).toEqual(expected);
  });

  it('does not look for placeholders in values', () => {
    expect(resolveArguments(['x', '{input:a}'], '/app', () => '{input:b} {app}')).toEqual([
      'x',
      '{input:b} {app}',
    ]);
    expect(inputsNamedIn('{input:a}{app}{input:b}')).toEqual(['a', 'b']);
  });
});

describe('patterns', () => {
  it.each([
    '[a-z]+',
    '\\d{4}-\\d{2}-\\d{2}',
    '(?:a|b)?c',
    '[A-Z][a-z]*( [A-Z][a-z]*)?',
    '.*',
    '\\p{L}+',
    '(ab){2}',
    '[+*(]',
  ])('%s is fine', (pattern) => {
    expect(patternFault(pattern)).toBeUndefined();
  });

  it.each([
    '(a+)+',
    '(a|b)*',
    '(a*)*b',
    '((a+)b)+',
    '(a?){9,}',
    'a*a*a*a*b',
    '(a)\\1',
    '(?=a)b',
    '(?<!a)b',
    '(?<=a)b',
    '[',
    '(a|a)+',
    'a?'.repeat(30),
    '(?:x+y?)*',
    '(a{1,9}){1,9}',
  ])('%s is not', (pattern) => {
    expect(typeof patternFault(pattern)).toBe('string');
  });

  it('never takes long with what it lets through', () => {
    for (const pattern of ['.*.*b', '[a-z]*[a-z]*0', '(?:a?b?){1}.*x']) {
      if (patternFault(pattern) !== undefined) continue;
      const begun = Date.now();
      new RegExp(`^(?:${pattern})$`, 'u').test('a'.repeat(256));
      expect(Date.now() - begun).toBeLessThan(1_000);
    }
  });
});

describe('inputs', () => {
  const file = {
    id: dataProductIdOf({ gateway: 'g', name: 'a.txt', sha256: 'a'.repeat(64) }),
    name: 'a.txt',
    sha256: 'a'.repeat(64),
    bytes: 100,
    contentType: 'text/plain',
  };
  const check = (
    definition: Omit<InputDefinition, 'name' | 'required'>,
    value?: string | number | boolean,
  ): string | undefined => {
    const values = value === undefined ? {} : { x: value };
    const resolved = resolveInputs([{ name: 'x', required: true, ...definition }], values, (id) =>
      id === file.id ? file : undefined,
    );
    return 'errors' in resolved ? resolved.errors[0]?.code : undefined;
  };

  it.each<
    [Omit<InputDefinition, 'name' | 'required'>, string | number | boolean | undefined, string | undefined]
  >([
    [{ type: 'STRING' }, undefined, 'required'],
    [{ type: 'STRING', default: 'd' }, undefined, undefined],
    [{ type: 'STRING' }, 'a; rm -rf / $(x) `y` "z"', undefined],
    [{ type: 'STRING' }, 'a\u001b[2J', 'control-characters'],
    [{ type: 'STRING' }, 3, 'wrong-type'],
    [{ type: 'STRING', min: 2 }, '\u{1f30a}', 'too-short'],
    [{ type: 'STRING', max: 1 }, '\u{1f30a}', undefined],
    [{ type: 'STRING', max: 2 }, 'abc', 'too-long'],
    [{ type: 'STRING', pattern: 'a|b' }, 'b', undefined],
    [{ type: 'STRING', pattern: 'a|b' }, 'ab', 'pattern'],
    [{ type: 'STRING', pattern: '.*' }, 'x'.repeat(257), 'too-long'],
    [{ type: 'STRING', enum: ['a', 'b'] }, 'c', 'not-in-enum'],
    [{ type: 'INTEGER' }, 1.5, 'wrong-type'],
    [{ type: 'INTEGER' }, '1', 'wrong-type'],
    [{ type: 'INTEGER' }, 2 ** 53, 'wrong-type'],
    [{ type: 'INTEGER', min: 1 }, 0, 'too-small'],
    [{ type: 'INTEGER', max: 9 }, 10, 'too-large'],
    [{ type: 'INTEGER', min: 0 }, 0, undefined],
    [{ type: 'FLOAT' }, 0.5, undefined],
    [{ type: 'FLOAT', max: 1 }, 1.5, 'too-large'],
    [{ type: 'BOOLEAN' }, false, undefined],
    [{ type: 'BOOLEAN' }, 'true', 'wrong-type'],
    [{ type: 'URI' }, '../../etc/passwd', 'wrong-type'],
    [{ type: 'URI' }, file.id.replace(/.$/, '0'), 'unknown-data-product'],
    [{ type: 'URI' }, file.id, undefined],
    [{ type: 'URI', max: 99 }, file.id, 'too-large'],
    [{ type: 'URI', min: 101 }, file.id, 'too-small'],
  ])('%j given %j: %s', (definition, value, code) => {
    expect(check(definition, value)).toBe(code);
  });

  it('reports everything together, and two files that would lie on each other', () => {
    const definitions: InputDefinition[] = [
      { name: 'a', type: 'URI', required: true },
      { name: 'b', type: 'URI', required: true },
      { name: 'c', type: 'INTEGER', required: true },
    ];
    const resolved = resolveInputs(definitions, { a: file.id, b: file.id, c: 'x', d: 1 }, () => file);
    expect('errors' in resolved && resolved.errors.map(({ pointer, code }) => [pointer, code])).toEqual([
      ['/inputs/d', 'unknown-input'],
      ['/inputs/b', 'same-file-name'],
      ['/inputs/c', 'wrong-type'],
    ]);
  });
});

describe('the catalog', () => {
  it('believes a record only under its own key', () => {
    const catalog = emptyCatalog();
    const application = {
      ...applicationFileSchema.parse({ name: 'x', version: '1', command: ['x'] }),
      files: [],
    };
    const message = (key: string) =>
      newMessage(
        'ApplicationRegistered',
        { application, sha256: 'a'.repeat(64), versions: [{ version: '1', sha256: 'a'.repeat(64) }] },
        { key, id: 'i', gateway: 'g', actor: 'a', time: '2026-01-31T12:00:00.000Z' },
      );
    const record = { topic: 'tidemark.catalog', partition: 0, offset: 3 };
    expect(foldCatalog(catalog, message('application/y'), record)).toBe(false);
    expect(foldCatalog(catalog, message('application/x'), record)).toBe(true);
    expect(findApplication(catalog, 'x')?.revision).toBe(3);
    expect(findApplication(catalog, 'x', '2')).toBeUndefined();
  });
});

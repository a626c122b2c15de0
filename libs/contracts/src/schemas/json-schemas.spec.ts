/** The committed JSON Schemas against the code, and the check that refuses an incompatible change. */
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  isMessageType,
  MESSAGE_TYPES,
  type MessageType,
  type MessageTypeDefinition,
} from '../messages/message-types.js';
import { upcast } from '../envelope/envelope.js';
import { incompatibilities, type JsonSchema } from './compatibility.js';
import { jsonSchemaOf, jsonSchemaText, schemaFileName } from './json-schemas.js';

const FOLDER = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..', 'schemas');
const TYPES = Object.keys(MESSAGE_TYPES) as MessageType[];
const definitionOf = (type: MessageType): MessageTypeDefinition => MESSAGE_TYPES[type];
const committed = fs.existsSync(FOLDER) ? fs.readdirSync(FOLDER) : [];
/** `UPDATE_SCHEMAS=1` writes what is new; it never overwrites a schema that the present one cannot read. */
const updating = process.env.UPDATE_SCHEMAS === '1';

const read = (file: string): JsonSchema =>
  JSON.parse(fs.readFileSync(path.join(FOLDER, file), 'utf8')) as JsonSchema;

describe('committed JSON Schemas', () => {
  it.each(TYPES)('%s reads what was written by its committed schema', (type) => {
    const file = schemaFileName(type, definitionOf(type).version);
    if (!committed.includes(file)) return;
    expect(incompatibilities(read(file), jsonSchemaOf(type))).toEqual([]);
  });

  it.each(TYPES)('%s is committed as it is', (type) => {
    const file = path.join(FOLDER, schemaFileName(type, definitionOf(type).version));
    const schema = jsonSchemaOf(type);
    const old = fs.existsSync(file) ? read(path.basename(file)) : undefined;
    if (updating && (old === undefined || incompatibilities(old, schema).length === 0)) {
      fs.mkdirSync(FOLDER, { recursive: true });
      fs.writeFileSync(file, jsonSchemaText(type));
    }
    expect(fs.readFileSync(file, 'utf8')).toBe(jsonSchemaText(type));
  });

  it.each(committed)('%s still has a reader', (file) => {
    const [type = '', version = ''] = file.replace(/\.json$/, '').split('@');
    expect(isMessageType(type)).toBe(true);
    const definition = definitionOf(type as MessageType);
    expect(Number(version)).toBeLessThanOrEqual(definition.version);
    for (let from = Number(version); from < definition.version; from += 1) {
      expect(typeof definition.upcasters?.[from]).toBe('function');
    }
  });
});

describe('upcasting', () => {
  it('goes through every version in between', () => {
    const upcasters = {
      1: (payload: unknown) => ({ ...(payload as object), second: true }),
      2: (payload: unknown) => ({ ...(payload as object), third: true }),
    };
    expect(upcast({ version: 3, upcasters }, 1, { first: true })).toEqual({
      first: true,
      second: true,
      third: true,
    });
    expect(upcast({ version: 3, upcasters }, 2, {})).toEqual({ third: true });
    expect(upcast({ version: 3, upcasters }, 3, { as: 'is' })).toEqual({ as: 'is' });
  });
});

describe('incompatibilities', () => {
  const base: JsonSchema = {
    type: 'object',
    properties: {
      name: { type: 'string', minLength: 1, maxLength: 10 },
      count: { type: 'integer', minimum: 0 },
      kind: { type: 'string', enum: ['a', 'b'] },
      tags: { type: 'array', items: { type: 'string' } },
    },
    required: ['name'],
  };
  const withProperty = (name: string, schema: JsonSchema): JsonSchema => ({
    ...base,
    properties: { ...(base.properties as object), [name]: schema },
  });

  it.each<[string, JsonSchema]>([
    ['the same', base],
    ['a new optional member', withProperty('extra', { type: 'string' })],
    ['wider limits', withProperty('name', { type: 'string', minLength: 0, maxLength: 20 })],
    ['no limits', withProperty('name', { type: 'string' })],
    ['a wider type', withProperty('count', { type: 'number' })],
    ['another value', withProperty('kind', { type: 'string', enum: ['a', 'b', 'c'] })],
    ['nothing required', { ...base, required: [] }],
    ['an alternative', withProperty('name', { anyOf: [{ type: 'string' }, { type: 'number' }] })],
    ['a new description', { ...base, description: 'x', title: 'y' }],
  ])('%s is read', (_, newer) => {
    expect(incompatibilities(base, newer)).toEqual([]);
  });

  it.each<[string, JsonSchema]>([
    ['a new required member', { ...withProperty('extra', { type: 'string' }), required: ['name', 'extra'] }],
    ['an old member required now', { ...base, required: ['name', 'count'] }],
    ['a narrower limit', withProperty('name', { type: 'string', minLength: 1, maxLength: 9 })],
    ['a new limit', withProperty('tags', { type: 'array', items: { type: 'string' }, maxItems: 3 })],
    ['another type', withProperty('name', { type: 'integer' })],
    ['a narrower type', withProperty('kind', { type: 'string', enum: ['a'] })],
    ['a new enum', withProperty('name', { type: 'string', enum: ['a'] })],
    ['a new pattern', withProperty('name', { type: 'string', minLength: 1, maxLength: 10, pattern: '^x' })],
    ['narrower items', withProperty('tags', { type: 'array', items: { type: 'string', maxLength: 1 } })],
    ['a strict object', { ...base, additionalProperties: false }],
    [
      'alternatives without the old one',
      withProperty('name', { anyOf: [{ type: 'number' }, { type: 'boolean' }] }),
    ],
  ])('%s is not', (_, newer) => {
    expect(incompatibilities(base, newer)).not.toEqual([]);
  });
});

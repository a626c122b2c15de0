/**
 * Writes the source of an encoder for one version of a struct, the counterpart of `decoder-source.ts`. What the caller
 * did not give is its default; null where the version has no null is the empty value; a tagged field that equals its
 * default is left out. Holds the functions written so far.
 */
import { assert } from '@tidemark/platform';
import type { AnyField, FieldMap, FieldType } from './field.js';
import type { Member, Version } from './layout.js';
import { defaultSource, emptySource, inLineMembers, membersOf, methodOf, taggedMembers } from './layout.js';

export class EncoderSource {
  private readonly functions: string[] = [];

  constructor(private readonly version: Version) {}

  /** Source of a function body that returns the encoder of `fields`. */
  write(fields: FieldMap): string {
    const root = this.struct(fields);
    return [...this.functions, `return ${root};`].join('\n');
  }

  private struct(fields: FieldMap): string {
    const lines = inLineMembers(fields, this.version).map(
      ({ name, field }) =>
        `{ const v = ${this.given(name, field)}; ${this.put(field.type, this.nullable(field))} }`,
    );
    return this.define('w, m', [...lines, this.taggedSection(fields)].join('\n'));
  }

  private taggedSection(fields: FieldMap): string {
    const tagged = taggedMembers(fields, this.version);
    if (!this.version.flexible) return '';
    if (tagged.length === 0) return 'w.unsignedVarint(0);';
    const conditions = tagged.map(
      ({ name, field, tag }) => `const t${tag} = ${this.differs(`m.${name}`, field)};`,
    );
    const count = tagged.map(({ tag }) => `(t${tag} ? 1 : 0)`).join(' + ');
    const writes = tagged.map(({ name, field, tag }) => {
      assert(field.type.kind !== 'primitive' || field.type.primitive !== 'records', 'tagged record batches');
      return `if (t${tag}) {
        w.unsignedVarint(${tag});
        const at = w.position;
        const v = m.${name};
        ${this.put(field.type, this.nullable(field))}
        w.endSized(at);
      }`;
    });
    return [...conditions, `w.unsignedVarint(${count});`, ...writes].join('\n');
  }

  /** An expression: what to write for a field in line. */
  private given(name: string, field: AnyField): string {
    const value = `m.${name}`;
    if (this.nullable(field)) return `${value} === undefined ? ${defaultSource(field)} : ${value}`;
    return `${value} ?? ${field.default === null ? emptySource(field.type) : defaultSource(field)}`;
  }

  /** A statement that writes `v`. */
  private put(type: FieldType, nullable: boolean): string {
    switch (type.kind) {
      case 'primitive':
        return `w.${methodOf(type.primitive, this.version, nullable)}(v);`;
      case 'struct': {
        const call = `${this.struct(type.fields)}(w, v);`;
        return nullable ? `if (v === null) w.int8(-1); else { w.int8(1); ${call} }` : call;
      }
      case 'array': {
        const call = `${this.array(type.element)}(w, v);`;
        return nullable ? `if (v === null) w.${this.arrayLength()}(-1); else ${call}` : call;
      }
    }
  }

  private array(element: FieldType): string {
    return this.define(
      'w, a',
      `w.${this.arrayLength()}(a.length);
      for (let i = 0; i < a.length; i++) { const v = a[i]; ${this.put(element, false)} }`,
    );
  }

  /** An expression: is the value of a tagged field something else than its default? */
  private differs(value: string, field: AnyField): string {
    if (field.default === null) {
      if (this.nullable(field)) return `${value} !== undefined && ${value} !== null`;
      return `${value} !== undefined && ${value} !== null && ${this.typeDiffers(value, field)}`;
    }
    return `${value} !== undefined && ${this.typeDiffers(value, field)}`;
  }

  private typeDiffers(value: string, field: AnyField): string {
    const { type } = field;
    if (type.kind === 'array') return `${value}.length !== 0`;
    if (type.kind === 'struct') return `${this.structDiffers(membersOf(type.fields))}(${value})`;
    if (type.primitive === 'bytes') return `${value}.length !== 0`;
    return `${value} !== ${defaultSource(field)}`;
  }

  private structDiffers(members: readonly Member[]): string {
    const tests = members.map(({ name, field }) => `(${this.differs(`m.${name}`, field)})`);
    return this.define('m', `return ${tests.join(' || ')};`);
  }

  private nullable(field: AnyField): boolean {
    return field.isNullableIn(this.version.number);
  }

  private arrayLength(): string {
    return this.version.flexible ? 'compactArrayLength' : 'arrayLength';
  }

  private define(parameters: string, body: string): string {
    const name = `e${this.functions.length}`;
    this.functions.push(`function ${name}(${parameters}) { ${body} }`);
    return name;
  }
}

/**
 * Writes the source of a decoder for one version of a struct: straight-line code, one function per struct and array,
 * always the same object shape (fields in declared order, defaults for what the version lacks). `schema.ts` turns the
 * source into a function. Holds the functions written so far.
 */
import type { AnyField, FieldMap, FieldType } from './field.js';
import type { Version } from './layout.js';
import { bytesMin, defaultSource, inLineMembers, membersOf, methodOf, taggedMembers } from './layout.js';

export class DecoderSource {
  private readonly functions: string[] = [];

  constructor(private readonly version: Version) {}

  /** Source of a function body that takes `unexpectedNull` and returns the decoder of `fields`. */
  write(fields: FieldMap): string {
    const root = this.struct(fields);
    return [...this.functions, `return ${root};`].join('\n');
  }

  private struct(fields: FieldMap): string {
    const inLine = new Set(inLineMembers(fields, this.version).map(({ name }) => name));
    const properties = membersOf(fields).map(({ name, field }) =>
      inLine.has(name) ? `${name}: ${this.value(field)}` : `${name}: ${defaultSource(field)}`,
    );
    const body = [`const m = { ${properties.join(', ')} };`, this.taggedSection(fields), 'return m;'];
    return this.define(body.join('\n'));
  }

  private taggedSection(fields: FieldMap): string {
    const tagged = taggedMembers(fields, this.version);
    if (!this.version.flexible) return '';
    if (tagged.length === 0) return 'r.skipTaggedFields();';
    const cases = tagged.map(
      ({ name, field, tag }) =>
        `case ${tag}: m.${name} = ${this.value(field)}; r.expectPosition(end); break;`,
    );
    return `for (let n = r.unsignedVarint(); n > 0; n--) {
      const tag = r.unsignedVarint();
      const end = r.endOfTaggedField(r.unsignedVarint());
      switch (tag) { ${cases.join('\n')} default: r.position = end; }
    }`;
  }

  private value(field: AnyField): string {
    return this.typeValue(field.type, field.isNullableIn(this.version.number));
  }

  private typeValue(type: FieldType, nullable: boolean): string {
    switch (type.kind) {
      case 'primitive':
        return `r.${methodOf(type.primitive, this.version, nullable)}()`;
      case 'array':
        return `${this.array(type.element, nullable)}(r)`;
      case 'struct': {
        const call = `${this.struct(type.fields)}(r)`;
        return nullable ? `(r.int8() < 0 ? null : ${call})` : call;
      }
    }
  }

  private array(element: FieldType, nullable: boolean): string {
    const length = this.version.flexible ? 'compactArrayLength' : 'arrayLength';
    const least = Math.max(1, bytesMin(element, this.version));
    return this.define(`const n = r.${length}(${least});
      if (n < 0) return ${nullable ? 'null' : 'unexpectedNull()'};
      const a = [];
      for (let i = 0; i < n; i++) a.push(${this.typeValue(element, false)});
      return a;`);
  }

  private define(body: string): string {
    const name = `d${this.functions.length}`;
    this.functions.push(`function ${name}(r) { ${body} }`);
    return name;
  }
}

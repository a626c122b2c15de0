/**
 * A message schema: a struct of fields, the versions it is spoken in and from which on it is flexible. Each version is
 * compiled to plain code when it is first used and kept. One schema stands for one request, response or record; it is
 * made once, at load, by the files in `messages/`. Decoding bytes that do not fit throws `WireError`.
 */
import { assert } from '@tidemark/platform';
import { unexpectedNull } from '../bytes/reader.js';
import type { ByteReader } from '../bytes/reader.js';
import { WireError } from '../bytes/wire-error.js';
import type { ByteWriter } from '../bytes/writer.js';
import { DecoderSource } from './decoder-source.js';
import { EncoderSource } from './encoder-source.js';
import type { Decoded, Encodable, FieldMap } from './field.js';

/** Both ends belong to the range. */
export interface VersionRange {
  readonly min: number;
  readonly max: number;
}

/** `flexibleFrom` of a message that has no flexible version. */
export const NEVER_FLEXIBLE = Infinity;

interface Codec<F extends FieldMap> {
  decode(reader: ByteReader): Decoded<F>;
  encode(writer: ByteWriter, message: Encodable<F>): void;
}

/** A schema whose message type is unknown to the compiler. */
export interface AnySchema {
  readonly name: string;
  readonly versions: VersionRange;
  readonly fields: FieldMap;
  decode(version: number, reader: ByteReader): unknown;
  encode(version: number, writer: ByteWriter, message: never): void;
  speaks(version: number): boolean;
  isFlexible(version: number): boolean;
}

export interface SchemaOptions {
  readonly name: string;
  readonly versions: VersionRange;
  readonly flexibleFrom: number;
}

export class Schema<F extends FieldMap> {
  readonly name: string;
  readonly versions: VersionRange;
  readonly flexibleFrom: number;
  private readonly codecs: (Codec<F> | undefined)[] = [];

  constructor(
    options: SchemaOptions,
    readonly fields: F,
  ) {
    this.name = options.name;
    this.versions = options.versions;
    this.flexibleFrom = options.flexibleFrom;
  }

  /** Bytes left over are not an error; who needs the end looks at the reader. */
  decode(version: number, reader: ByteReader): Decoded<F> {
    if (!this.speaks(version)) throw new WireError(`${this.name} has no version ${version}`);
    return this.codec(version).decode(reader);
  }

  encode(version: number, writer: ByteWriter, message: Encodable<F>): void {
    assert(this.speaks(version), `${this.name} has no version ${version}`);
    this.codec(version).encode(writer, message);
  }

  speaks(version: number): boolean {
    return Number.isInteger(version) && version >= this.versions.min && version <= this.versions.max;
  }

  isFlexible(version: number): boolean {
    return version >= this.flexibleFrom;
  }

  private codec(version: number): Codec<F> {
    return (this.codecs[version] ??= this.compile(version));
  }

  private compile(number: number): Codec<F> {
    const version = { number, flexible: this.isFlexible(number) };
    const decoder = build(new DecoderSource(version).write(this.fields)) as Codec<F>['decode'];
    const encoder = build(new EncoderSource(version).write(this.fields)) as Codec<F>['encode'];
    return { decode: decoder, encode: encoder };
  }
}

/** The source is made from our own field tables only; interpreting the tables instead costs about twice the time. */
function build(source: string): unknown {
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- of our own tables only
  return (new Function('unexpectedNull', `"use strict";\n${source}`) as (thrower: () => never) => unknown)(
    unexpectedNull,
  );
}

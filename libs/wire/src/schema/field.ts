/**
 * What a message is made of: a field's type, the versions in which it is on the wire, its default, whether it is
 * null-able or tagged. Fields are data (no behaviour): `fields.ts` makes them, the two source writers beside it turn
 * them into codecs. The type parameters exist for the compiler only: what decoding yields, what encoding takes, and
 * whether the encoder's caller must give the field.
 */

export type Primitive =
  | 'bool'
  | 'int8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'float64'
  | 'uuid'
  | 'string'
  | 'bytes'
  | 'records';

export type FieldType =
  | { readonly kind: 'primitive'; readonly primitive: Primitive }
  | { readonly kind: 'struct'; readonly fields: FieldMap }
  | { readonly kind: 'array'; readonly element: FieldType };

/** Fields in wire order. */
export type FieldMap = Readonly<Record<string, AnyField>>;

export interface FieldOptions<T> {
  /** First version that has the field; 0 if not given. */
  readonly since?: number;
  /** Last version that has it. */
  readonly until?: number;
  /** Value when the field is not on the wire or not given; else zero, empty, null or a struct of defaults. */
  readonly default?: T;
  /** Number in the struct's tagged section: the field is not in line, and left out while it equals its default. */
  readonly tag?: number;
}

export interface NullableOptions<T> extends FieldOptions<T> {
  /** First version in which null may be sent; the field's first if not given. */
  readonly nullableSince?: number;
}

export class Field<Out, In, Needed extends boolean> {
  /** Never set; carries the types to `Decoded` and `Encodable`. */
  declare readonly types?: { readonly out: Out; readonly in: In; readonly needed: Needed };

  readonly since: number;
  readonly until: number;
  readonly nullableSince: number;
  readonly default: unknown;
  readonly tag: number | undefined;

  constructor(
    readonly type: FieldType,
    options: NullableOptions<unknown>,
    nullable: boolean,
  ) {
    this.since = options.since ?? 0;
    this.until = options.until ?? Infinity;
    this.nullableSince = nullable ? (options.nullableSince ?? 0) : Infinity;
    this.default = options.default;
    this.tag = options.tag;
  }

  isIn(version: number): boolean {
    return version >= this.since && version <= this.until;
  }

  isNullableIn(version: number): boolean {
    return version >= this.nullableSince;
  }
}

export type AnyField = Field<unknown, unknown, boolean>;

/** A field that has a default, or is not in every version, need not be given. */
export type IsNeeded<O> = O extends
  { since: number } | { until: number } | { default: unknown } | { tag: number }
  ? false
  : true;

type NeededKeys<F extends FieldMap> = {
  [K in keyof F]: F[K] extends Field<unknown, unknown, true> ? K : never;
}[keyof F];

type OutOf<F> = F extends Field<infer Out, unknown, boolean> ? Out : never;
type InOf<F> = F extends Field<unknown, infer In, boolean> ? In : never;
type Flat<T> = { [K in keyof T]: T[K] };

/** What a decoder makes: every field of every version, defaults where the version has none. */
export type Decoded<F extends FieldMap> = { [K in keyof F]: OutOf<F[K]> };

/** What an encoder takes: needed fields, and any of the others. */
export type Encodable<F extends FieldMap> = Flat<
  { readonly [K in NeededKeys<F>]: InOf<F[K]> } & {
    readonly [K in Exclude<keyof F, NeededKeys<F>>]?: InOf<F[K]> | undefined;
  }
>;

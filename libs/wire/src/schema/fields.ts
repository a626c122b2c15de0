/**
 * The words in which messages are written down: `name: string()`, `topics: arrayOf({ ... }, { since: 2 })`. Each call
 * makes one `Field`. Rules that every message follows: fields stand in wire order; null encoded in a version that does
 * not know null is written as the empty value; a field that a version does not have is not written.
 */
import type {
  Decoded,
  Encodable,
  FieldMap,
  FieldOptions,
  FieldType,
  IsNeeded,
  NullableOptions,
  Primitive,
} from './field.js';
import { Field } from './field.js';

/** No option given. */
interface None {
  readonly tag?: never;
}

function scalar<T>(primitive: Primitive) {
  return <const O extends FieldOptions<T> = None>(options?: O): Field<T, T, IsNeeded<O>> =>
    new Field({ kind: 'primitive', primitive }, options ?? {}, false);
}

function nullableScalar<T>(primitive: Primitive) {
  return <const O extends NullableOptions<T | null> = None>(
    options?: O,
  ): Field<T | null, T | null, IsNeeded<O>> =>
    new Field({ kind: 'primitive', primitive }, { default: null, ...options }, true);
}

export const bool = scalar<boolean>('bool');
export const int8 = scalar<number>('int8');
export const int16 = scalar<number>('int16');
export const uint16 = scalar<number>('uint16');
export const int32 = scalar<number>('int32');
export const uint32 = scalar<number>('uint32');
/** A number: exact below 2^53. */
export const int64 = scalar<number>('int64');
export const float64 = scalar<number>('float64');
/** Text of 36 characters; all zero means none. */
export const uuid = scalar<string>('uuid');
export const string = scalar<string>('string');
export const nullableString = nullableScalar<string>('string');
/** Decoded as a copy. */
export const bytes = scalar<Uint8Array>('bytes');
export const nullableBytes = nullableScalar<Uint8Array>('bytes');
/** Record batches: decoded as a view into the received bytes, encoded by reference where the writer allows it. */
export const records = nullableScalar<Uint8Array>('records');

export function struct<F extends FieldMap, const O extends FieldOptions<Encodable<F>> = None>(
  fields: F,
  options?: O,
): Field<Decoded<F>, Encodable<F>, IsNeeded<O>> {
  return new Field({ kind: 'struct', fields }, options ?? {}, false);
}

export function nullableStruct<F extends FieldMap, const O extends NullableOptions<null> = None>(
  fields: F,
  options?: O,
): Field<Decoded<F> | null, Encodable<F> | null, IsNeeded<O>> {
  return new Field({ kind: 'struct', fields }, { default: null, ...options }, true);
}

type Element = FieldMap | Field<unknown, unknown, boolean>;
type ElementOut<E> =
  E extends Field<infer Out, unknown, boolean> ? Out : E extends FieldMap ? Decoded<E> : never;
type ElementIn<E> =
  E extends Field<unknown, infer In, boolean> ? In : E extends FieldMap ? Encodable<E> : never;

/** An array of structs (given by their fields) or of another field's type. */
export function arrayOf<E extends Element, const O extends FieldOptions<readonly []> = None>(
  element: E,
  options?: O,
): Field<ElementOut<E>[], readonly ElementIn<E>[], IsNeeded<O>> {
  return new Field({ kind: 'array', element: elementType(element) }, options ?? {}, false);
}

export function nullableArrayOf<
  E extends Element,
  const O extends NullableOptions<readonly [] | null> = None,
>(element: E, options?: O): Field<ElementOut<E>[] | null, readonly ElementIn<E>[] | null, IsNeeded<O>> {
  return new Field({ kind: 'array', element: elementType(element) }, { default: null, ...options }, true);
}

function elementType(element: Element): FieldType {
  return element instanceof Field ? element.type : { kind: 'struct', fields: element };
}

/**
 * Requests that a hostile or broken client might send, from a seed: half of them well-formed with values from the
 * edges of their types, half of those then spoilt (bytes changed, cut off, put in). Names never are those of a victim.
 */
import { ByteWriter, type AnyApi } from '@tidemark/wire';
import { body } from './raw-socket.js';

type Field = AnyApi['request']['fields'][string];
type FieldType = Field['type'];

/** mulberry32: small, good enough to choose by, the same everywhere. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export class Fuzz {
  constructor(
    private readonly random: () => number,
    /** Topics and groups that are there to be hurt. */
    private readonly names: readonly string[],
  ) {}

  /** A body for the request. */
  body(api: AnyApi, version: number): Buffer {
    if (this.#chance(0.1)) return this.#noise(this.#below(200));
    const bytes = body(api, version, this.#message(api.request.fields, version));
    return this.#chance(0.5) ? bytes : this.#spoilt(bytes);
  }

  #message(fields: Readonly<Record<string, Field>>, version: number): Record<string, unknown> {
    const message: Record<string, unknown> = {};
    for (const [name, field] of Object.entries(fields)) {
      // What the version does not have must have its default, or the encoder (rightly) refuses.
      if (!field.isIn(version) || (field.tag !== undefined && this.#chance(0.5))) continue;
      message[name] =
        field.isNullableIn(version) && this.#chance(0.2) ? null : this.#value(field.type, version);
    }
    return message;
  }

  #value(type: FieldType, version: number): unknown {
    if (type.kind === 'struct') return this.#message(type.fields, version);
    if (type.kind === 'array') {
      const length = this.#chance(0.02) ? 200 : this.#below(4);
      return Array.from({ length }, () => this.#value(type.element, version));
    }
    switch (type.primitive) {
      case 'bool':
        return this.#chance(0.5);
      case 'int8':
        return this.#pick([0, 1, 2, 3, -1, 127, -128]);
      case 'int16':
        return this.#pick([0, 1, 2, -1, 0x7fff, -0x8000]);
      case 'uint16':
        return this.#pick([0, 1, 0xffff]);
      case 'int32':
        return this.#pick([0, 1, 2, 10, 6_000, -1, -2, 0x7fffffff, -0x80000000]);
      case 'uint32':
        return this.#pick([0, 1, 0xffffffff]);
      case 'int64':
        return this.#pick([0, 1, 5, -1, -2, -3, 2 ** 31, 2 ** 53, 2 ** 62, -(2 ** 62)]);
      case 'float64':
        return this.#pick([0, -1, 1e300, NaN, Infinity]);
      case 'uuid':
        return `${this.#noise(4).toString('hex')}-0000-4000-8000-000000000000`;
      case 'string':
        return this.#text();
      case 'bytes':
      case 'records':
        return this.#noise(this.#below(120));
    }
  }

  #text(): string {
    const odd = ['', '.', '..', 'x'.repeat(300), '../../etc/passwd', 'a b', '\0', '\u{1f30a}', '__proto__'];
    return this.#chance(0.6) ? this.#pick(this.names) : this.#pick(odd);
  }

  #spoilt(bytes: Buffer): Buffer {
    const writer = new ByteWriter({ initialBytes: bytes.length + 16 });
    const cut = this.#chance(0.3) ? this.#below(bytes.length + 1) : bytes.length;
    for (let at = 0; at < cut; at++) {
      if (this.#chance(2 / (cut + 1))) writer.int8(this.#pick([0, 1, 127, -1, -128, this.#below(100)]));
      if (!this.#chance(1 / (cut + 1))) writer.int8(bytes.readInt8(at));
    }
    return Buffer.from(writer.written());
  }

  #noise(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.#below(256)));
  }

  #chance(probability: number): boolean {
    return this.random() < probability;
  }

  #below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  #pick<Value>(values: readonly Value[]): Value {
    return values[this.#below(values.length)] as Value;
  }
}

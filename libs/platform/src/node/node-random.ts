/**
 * Chance from the system's cryptographic generator. Stateless.
 */
import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { assert } from '../assert.js';
import type { Random } from '../random.js';

export const nodeRandom: Random = {
  below(limit: number): number {
    assert(Number.isInteger(limit) && limit > 0 && limit <= 2 ** 32, `no integer is below ${limit}`);
    return randomInt(limit);
  },
  bytes: (length: number) => new Uint8Array(randomBytes(length)),
  uuid: () => randomUUID(),
};

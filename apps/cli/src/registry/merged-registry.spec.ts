/** The views of several brokers put together, while brokers come and go. */
import { describe, expect, it } from '@jest/globals';
import { MergedRegistry } from './merged-registry.js';

const told = (merged: MergedRegistry): string[] =>
  merged.changes().map(({ type, path, value }) => `${type} ${path} ${value}`);

describe('the merged registry', () => {
  it('shows once what several brokers know, and what one alone knows', () => {
    const merged = new MergedRegistry();
    for (const id of [1, 2, 3]) merged.set(id, '/brokers/ids/1', 'a');
    merged.set(2, '/consumers/g/ids/m', 'b');
    expect(told(merged)).toEqual(['added /brokers/ids/1 a', 'added /consumers/g/ids/m b']);
    expect(told(merged)).toEqual([]);
  });

  it('tells of a dead broker when the others say so, not when it falls silent', () => {
    const merged = new MergedRegistry();
    for (const id of [1, 2, 3]) for (const path of [1, 2, 3]) merged.set(id, `/brokers/ids/${path}`, 'x');
    told(merged);
    merged.lose(1);
    expect(told(merged)).toEqual([]);
    merged.set(2, '/brokers/ids/1', undefined);
    merged.set(3, '/brokers/ids/1', undefined);
    expect(told(merged)).toEqual(['removed /brokers/ids/1 x']);
  });

  it('keeps the offsets of a lost coordinator until the next one speaks, but not its members', () => {
    const merged = new MergedRegistry();
    merged.set(1, '/consumers/g/ids/m', 'm');
    merged.set(1, '/consumers/g/offsets/t/0', '7');
    merged.set(1, '/consumers/g/offsets/t/1', '8');
    told(merged);
    merged.lose(1);
    expect(told(merged)).toEqual(['removed /consumers/g/ids/m m']);
    merged.set(2, '/consumers/g/offsets/t/0', '9');
    expect(told(merged)).toEqual([
      'changed /consumers/g/offsets/t/0 9',
      'removed /consumers/g/offsets/t/1 8',
    ]);
  });
});

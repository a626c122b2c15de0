/** Times as envelopes spell them. */
import { formatTime, isTime } from './time.js';

describe('formatTime', () => {
  it.each([
    0, 1, 951_782_400_000, 951_868_799_999, 951_868_800_000, 1_709_164_800_000, 1_767_225_599_999,
    4_107_542_400_000, -1, -62_135_596_800_000,
  ])('spells %d as ECMAScript does', (ms) => {
    expect(formatTime(ms)).toBe(new Date(ms).toISOString());
  });

  it('spells every day of 500 years, and drops fractions of a millisecond', () => {
    const wrong: number[] = [];
    for (let day = -100_000; day < 82_000; day += 1) {
      const ms = day * 86_400_000 + ((day * 7919) % 86_400_000) + 0.5;
      if (formatTime(ms) !== new Date(Math.floor(ms)).toISOString()) wrong.push(ms);
    }
    expect(wrong).toEqual([]);
  });
});

describe('isTime', () => {
  it.each([
    ['2024-02-29T23:59:59.999Z', true],
    ['2023-02-29T00:00:00.000Z', false],
    ['1900-02-29T00:00:00.000Z', false],
    ['2000-02-29T00:00:00.000Z', true],
    ['9999-12-31T23:59:59.999Z', true],
    ['0000-01-01T00:00:00.000Z', false],
    ['0001-01-01T00:00:00.000Z', true],
    ['2024-13-01T00:00:00.000Z', false],
    ['2024-00-01T00:00:00.000Z', false],
    ['2024-01-00T00:00:00.000Z', false],
    ['2024-04-31T00:00:00.000Z', false],
    ['2024-01-01T24:00:00.000Z', false],
    ['2024-01-01T00:60:00.000Z', false],
    ['2024-01-01T00:00:60.000Z', false],
    ['2024-01-01T00:00:00Z', false],
    ['yesterday', false],
  ])('%s: %s', (text, expected) => {
    expect(isTime(text)).toBe(expected);
  });
});

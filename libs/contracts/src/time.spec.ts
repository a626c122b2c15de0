import { formatTime } from './time.js';

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

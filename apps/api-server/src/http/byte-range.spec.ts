// One range of bytes, as RFC 9110 reads it.
import { byteRangeOf } from './byte-range.js';

const part = (first: number, last: number): object => ({ kind: 'part', first, last });

describe('byte ranges', () => {
  it.each([
    [undefined, 10, { kind: 'whole' }],
    ['bytes=0-', 10, part(0, 9)],
    ['bytes=0-0', 10, part(0, 0)],
    ['bytes=3-5', 10, part(3, 5)],
    ['bytes=3-99', 10, part(3, 9)],
    ['bytes=-4', 10, part(6, 9)],
    ['bytes=-40', 10, part(0, 9)],
    ['bytes=10-', 10, { kind: 'unsatisfiable' }],
    ['bytes=-0', 10, { kind: 'unsatisfiable' }],
    ['bytes=0-', 0, { kind: 'unsatisfiable' }],
    ['bytes=5-3', 10, { kind: 'whole' }],
    ['bytes=1-2,4-5', 10, { kind: 'whole' }],
    ['lines=1-2', 10, { kind: 'whole' }],
    ['bytes=-', 10, { kind: 'whole' }],
  ])('%p of %i bytes', (header, size, expected) => {
    expect(byteRangeOf(header, size)).toEqual(expected);
  });
});

/** What is wrong with a log that may have lost its end, and what is not. */
import { lossyVerdict } from './lossy-verdict.js';

const judged = (values: readonly string[], lossesMax = 1) =>
  lossyVerdict([{ partition: 0, acknowledged: [0, 1, 2, 3, 4, 5], values, lossesMax }], []);

describe('a log that may lose its end', () => {
  it('is in order with everything, and with one piece missing', () => {
    const all = ['0:0', '0:1', '0:2', '0:3', '0:4', '0:5'];
    expect(judged(all)).toMatchObject({ acknowledged: 6, lost: 0, duplicated: 0, reordered: 0, other: 0 });
    const kept = all.filter((value) => value !== '0:2' && value !== '0:3');
    expect(judged(kept)).toMatchObject({ lost: 2, duplicated: 0, reordered: 0, other: 0, details: [] });
  });

  it('is not in order with more pieces missing than there were losses', () => {
    expect(judged(['0:1', '0:3', '0:4', '0:5'])).toMatchObject({ lost: 2, other: 1 });
    expect(judged(['0:1', '0:3', '0:4', '0:5'], 2)).toMatchObject({ lost: 2, other: 0 });
  });

  it('is not in order with a value twice, out of order, or from nowhere', () => {
    expect(judged(['0:0', '0:1', '0:1', '0:2', '0:3', '0:4', '0:5'])).toMatchObject({ duplicated: 1 });
    expect(judged(['0:1', '0:0', '0:2', '0:3', '0:4', '0:5'])).toMatchObject({ reordered: 1 });
    expect(judged(['0:0', '1:1', '0:1', '0:2', '0:3', '0:4', '0:5'])).toMatchObject({ other: 1 });
  });

  it('takes a filled-up value for what it is', () => {
    expect(judged(['0:0....', '0:1', '0:2', '0:3', '0:4', '0:5'])).toMatchObject({ lost: 0, other: 0 });
  });
});

/** Leader epochs of a log and the file that keeps them. */
import fs from 'node:fs';
import { nodeDisk } from '@tidemark/platform/node';
import { EpochHistory } from './epoch-history.js';
import { LogFixture } from './testing/log-fixture.js';

let source: LogFixture;
beforeEach(() => {
  source = new LogFixture();
});
afterEach(() => source.remove());

function history(...entries: [epoch: number, startOffset: number][]): EpochHistory {
  const made = new EpochHistory(nodeDisk, source.path);
  for (const [epoch, startOffset] of entries) made.assign(epoch, startOffset);
  return made;
}
const ENTRIES: [number, number][] = [
  [2, 10],
  [5, 20],
  [6, 30],
];

describe('the epochs of a log', () => {
  it.each([
    ['the current one ends at the log end', 6, 6, 40],
    ['one above all is not known', 7, -1, -1],
    ['none at all is not known', -1, -1, -1],
    ['one below all ends where the first begins', 1, 1, 10],
    ['a known one ends where the next begins', 2, 2, 20],
    ['one between is answered by the one below', 4, 2, 20],
  ])('%s', (_what, asked, leaderEpoch, endOffset) => {
    expect(history(...ENTRIES).endOf(asked, 40)).toEqual({ leaderEpoch, endOffset });
  });

  it('know which of them a record is of', () => {
    expect([9, 10, 19, 20, 35].map((offset) => history(...ENTRIES).epochAt(offset))).toEqual([
      -1, 2, 2, 5, 6,
    ]);
  });

  it('let a later truth replace what contradicts it', () => {
    const made = history(...ENTRIES);
    made.assign(7, 15);
    expect(made.endOf(2, 40)).toEqual({ leaderEpoch: 2, endOffset: 15 });
    expect(made.endOf(6, 40)).toEqual({ leaderEpoch: 2, endOffset: 15 });
  });

  it('are cut with the log at both ends', () => {
    const made = history(...ENTRIES);
    made.truncateFromEnd(30);
    expect(made.latest).toBe(5);
    made.truncateFromStart(25);
    expect(made.endOf(5, 28)).toEqual({ leaderEpoch: 5, endOffset: 28 });
    expect(made.endOf(2, 28)).toEqual({ leaderEpoch: 2, endOffset: 25 });
  });

  it('are kept in the file that Kafka keeps them in', () => {
    history(...ENTRIES).save();
    const path = `${source.path}/leader-epoch-checkpoint`;
    expect(fs.readFileSync(path, 'utf8')).toBe('0\n3\n2 10\n5 20\n6 30\n');
    const loaded = history();
    loaded.load();
    expect(loaded.endOf(5, 40)).toEqual({ leaderEpoch: 5, endOffset: 30 });
    for (const damage of ['', '0\n9\n2 10\n', '0\n1\nx y\n', '7\n0\n']) {
      fs.writeFileSync(path, damage);
      loaded.load();
      expect(loaded.isEmpty).toBe(true);
    }
  });
});

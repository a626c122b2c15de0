/** The partitioner, by the hashes that Kafka publishes for its own. */
import { murmur2, Partitioner, partitionOf } from './partitioner.js';

describe('the partitioner', () => {
  // From Kafka's own UtilsTest: every client must agree on these.
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('hashes %s as Kafka does', (key, hash) => expect(murmur2(Buffer.from(key)) | 0).toBe(hash));

  it('takes bytes wherever they lie', () => {
    const padded = Buffer.from('xabc').subarray(1);
    expect(partitionOf(padded, 12)).toBe(partitionOf('abc', 12));
    expect(() => partitionOf('a', 0)).toThrow(RangeError);
  });

  it('sends keyless records round and obeys a given partition', () => {
    const partitioner = new Partitioner();
    const turns = Array.from({ length: 6 }, () => partitioner.pick({ key: null }, 3));
    expect(turns).toEqual([1, 2, 0, 1, 2, 0]);
    expect(partitioner.pick({ key: 'abc', partition: 2 }, 3)).toBe(2);
    expect(partitioner.pick({ key: 'abc' }, 3)).toBe(partitionOf('abc', 3));
  });
});

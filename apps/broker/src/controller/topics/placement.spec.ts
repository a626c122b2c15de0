/** Which brokers get the partitions of a topic. */
import { placePartitions } from './placement.js';

const brokers = (count: number): { brokerId: number; leads: number }[] =>
  Array.from({ length: count }, (_, index) => ({ brokerId: index + 1, leads: 0 }));

describe('placement', () => {
  it.each([
    [1, 1],
    [2, 2],
    [3, 2],
    [3, 3],
    [5, 3],
    [7, 7],
  ])('on %i brokers with %i replicas: nobody twice, everybody leads and holds alike', (size, factor) => {
    const placement = placePartitions(brokers(size), factor, 0, size * 20);
    const leads = new Map<number, number>();
    const holds = new Map<number, number>();
    for (const replicas of placement) {
      expect(new Set(replicas).size).toBe(factor);
      leads.set(replicas[0]!, (leads.get(replicas[0]!) ?? 0) + 1);
      for (const id of replicas) holds.set(id, (holds.get(id) ?? 0) + 1);
    }
    expect([...leads.values()]).toEqual(Array(size).fill(20));
    expect([...holds.values()]).toEqual(Array(size).fill(20 * factor));
  });

  it('gives the partitions of one leader different followers', () => {
    const followers = placePartitions(brokers(4), 2, 0, 12)
      .filter(([leader]) => leader === 1)
      .map(([, follower]) => follower);
    expect(new Set(followers).size).toBe(3);
  });

  it('begins at the broker that leads least', () => {
    const loads = [
      { brokerId: 1, leads: 5 },
      { brokerId: 2, leads: 0 },
    ];
    expect(placePartitions(loads, 1, 0, 3)).toEqual([[2], [1], [2]]);
  });
});

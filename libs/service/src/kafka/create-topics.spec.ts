/** How a topic of the table is fitted to clusters of different sizes, ours and others. */
import { describe, expect, it } from '@jest/globals';
import { topicOf } from './create-topics.js';

const SPEC = { name: 't', partitions: 12, replicas: 3, replication: 'quorum' as const, configs: { a: 'b' } };
const quorum = { name: 'replication.protocol', value: 'quorum' };
const twoInSync = { name: 'min.insync.replicas', value: '2' };
const own = { name: 'a', value: 'b' };

describe('a topic of the table', () => {
  it.each<[string, number, boolean, number, object[]]>([
    ['a cluster of ours', Infinity, true, 3, [own, twoInSync, quorum]],
    ['three brokers of ours', 3, true, 3, [own, twoInSync, quorum]],
    ['two brokers of ours, which are no majority without each other', 2, true, 2, [own]],
    ['one broker of ours', 1, true, 1, [own]],
    ['Apache Kafka', Infinity, false, 3, [own, twoInSync]],
    ['two brokers of Apache Kafka', 2, false, 2, [own]],
  ])('on %s', (_, brokers, protocols, replicationFactor, configEntries) => {
    expect(topicOf(SPEC, brokers, protocols)).toEqual({
      topic: 't',
      numPartitions: 12,
      replicationFactor,
      configEntries,
    });
  });

  it('that does not say is left to the cluster', () => {
    const { replicas: _replicas, replication: _replication, ...spec } = SPEC;
    expect(topicOf(spec, Infinity, true)).toMatchObject({ replicationFactor: -1, configEntries: [own] });
  });
});

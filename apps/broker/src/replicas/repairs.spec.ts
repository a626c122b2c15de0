/** Damaged logs: never led with, never counted, copied anew from the leader, and only then given up. */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ErrorCode } from '@tidemark/wire';
import type { ReplicationProtocol } from '../controller/metadata-image.js';
import { ReplicaCluster, type ReplicaNode } from '../testing/replica-cluster.js';
import { until } from '../testing/running-broker.js';

const TEXTS = Array.from({ length: 20 }, (_, i) => `record ${i} ${'x'.repeat(50)}`);

describe.each<ReplicationProtocol>(['primary-backup', 'quorum'])(
  'a damaged log of a %s topic',
  (protocol) => {
    const clusters: ReplicaCluster[] = [];
    afterEach(async () => {
      for (const cluster of clusters.splice(0)) await cluster.stop();
    });

    async function filled(replicas = [1, 2, 3]): Promise<ReplicaCluster> {
      const configs = {
        'replication.protocol': protocol,
        'segment.bytes': '1200',
        'index.interval.bytes': '100',
      };
      const cluster = new ReplicaCluster(configs, { replicas, isr: replicas });
      clusters.push(cluster);
      for (const text of TEXTS) expect(await cluster.node(1).produce(text)).toBe(ErrorCode.NONE);
      await until(() =>
        replicas.every(
          (id) => cluster.node(id).replica.highWatermark === cluster.node(1).replica.highWatermark,
        ),
      );
      return cluster;
    }

    /** Bits of a closed segment: all over it, which opening it finds, or in one record, which reading it does. */
    function damage(node: ReplicaNode, where: 'everywhere' | 'in a record'): void {
      const directory = join(node.path, 't-0');
      const [, name = ''] = readdirSync(directory).filter((file) => file.endsWith('.log'));
      const bytes = readFileSync(join(directory, name));
      for (let at = 80; at < (where === 'everywhere' ? bytes.length : 81); at += 7) bytes[at]! ^= 4;
      writeFileSync(join(directory, name), bytes);
    }

    const asides = ({ path }: ReplicaNode): string[] =>
      readdirSync(path).filter((name) => name.endsWith('-aside'));

    it('of a follower that was killed is copied anew', async () => {
      const cluster = await filled();
      const node = cluster.node(3);
      await node.kill();
      damage(node, 'everywhere');
      cluster.cut.add('3>1');
      node.start();
      cluster.change({});
      expect(asides(node)).toHaveLength(1);
      const { topicId } = node.replica;
      const vote = node.replicas.fence([{ topicId, partition: 0, epoch: 9 }])[0];
      expect(vote).toMatchObject({ error: ErrorCode.KAFKA_STORAGE_ERROR, logEnd: -1 });
      // It knows after another restart, too.
      await node.stop();
      node.start();
      cluster.change({});
      expect(node.replica.repairing).toBe(true);
      // Chosen all the same, it hands over.
      cluster.change({ leader: 3 });
      expect(node.replica.leading).toBe(false);
      await until(() => cluster.partition.leader === 1);
      cluster.cut.delete('3>1');
      await until(() => node.replica.highWatermark === cluster.node(1).replica.highWatermark);
      await until(() => !node.replica.repairing && asides(node).length === 0);
      expect(await node.texts()).toEqual(TEXTS);
    });

    it('of a leader that finds it when it is read is handed over, and repaired from its successor', async () => {
      const cluster = await filled();
      const node = cluster.node(1);
      await node.stop();
      damage(node, 'in a record');
      node.start();
      cluster.change({});
      await expect(node.texts()).rejects.toThrow();
      await until(() => cluster.partition.leader !== 1);
      expect(cluster.proposals.at(-1)?.newIsr.map(({ brokerId }) => brokerId)).not.toContain(1);
      const { leader } = cluster.partition;
      expect(await cluster.node(leader).texts()).toEqual(TEXTS);
      expect(await cluster.node(leader).produce('more')).toBe(ErrorCode.NONE);
      await until(() => !node.replica.repairing && asides(node).length === 0);
      await until(() => cluster.partition.isr.length === 3);
      await until(() => node.replica.highWatermark === cluster.node(leader).replica.highWatermark);
      expect(await node.texts()).toEqual([...TEXTS, 'more']);
    });

    it.each([1, 3])('of broker %i that nobody reads is found, and repaired from a peer', async (id) => {
      const cluster = await filled();
      const node = cluster.node(id);
      await node.stop();
      damage(node, 'in a record');
      node.start();
      cluster.change({});
      await until(() => node.replica.log.flushedEnd >= node.replica.highWatermark);
      expect(await cluster.node(2).scrub()).toBe(0);
      const { log } = node.replica;
      expect(await node.scrub()).toBe(1);
      await until(() => cluster.partition.leader !== id && node.replica.log !== log);
      await until(() => !node.replica.repairing && asides(node).length === 0);
      await until(() => cluster.partition.isr.length === 3);
      const { leader } = cluster.partition;
      await until(() => node.replica.highWatermark === cluster.node(leader).replica.highWatermark);
      expect(await node.texts()).toEqual(TEXTS);
      expect(await node.scrub()).toBe(0);
    });

    it('is left as it is where there is no other replica', async () => {
      const cluster = await filled([1]);
      const node = cluster.node(1);
      await node.stop();
      damage(node, 'in a record');
      node.start();
      cluster.change({});
      await expect(node.texts()).rejects.toThrow();
      await new Promise((resolve) => setImmediate(resolve));
      expect(asides(node)).toEqual([]);
      expect(node.replica.leading).toBe(true);
      expect(cluster.proposals).toEqual([]);
    });
  },
);

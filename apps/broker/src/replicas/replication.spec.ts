/** Leaders and followers on real logs, connected in memory: what is copied, committed, cut and promised. */
import { ErrorCode } from '@tidemark/wire';
import type { ReplicationProtocol } from '../controller/metadata-image.js';
import { SILENCE_MS_MAX } from './follower-checks.js';
import { ReplicaCluster } from '../testing/replica-cluster.js';
import { until } from '../testing/running-broker.js';

describe.each<ReplicationProtocol>(['primary-backup', 'quorum'])('%s replication', (protocol) => {
  const quorum = protocol === 'quorum';
  /** A quorum epoch begins with a record of its own. */
  const own = quorum ? 1 : 0;
  const clusters: ReplicaCluster[] = [];
  afterEach(async () => {
    for (const cluster of clusters.splice(0)) await cluster.stop();
  });

  function setUp(...[configs, partition, lagMs]: ConstructorParameters<typeof ReplicaCluster>) {
    const cluster = new ReplicaCluster({ ...configs, 'replication.protocol': protocol }, partition, lagMs);
    clusters.push(cluster);
    const isolate = (id: number, cut = true): void => {
      for (const other of [1, 2, 3]) {
        for (const way of [`${id}>${other}`, `${other}>${id}`]) {
          if (cut) cluster.cut.add(way);
          else cluster.cut.delete(way);
        }
      }
    };
    const level = (...ids: number[]): Promise<void> =>
      until(() => {
        const [first, ...others] = ids.map((id) => cluster.node(id).replica);
        return others.every(
          (other) =>
            other.logEndOffset === first!.logEndOffset && other.highWatermark === first!.highWatermark,
        );
      });
    return { cluster, isolate, level };
  }

  it('copies and commits, and tells followers what is committed', async () => {
    const { cluster, level } = setUp();
    for (let i = 0; i < 20; i++) expect(await cluster.node(1).produce(`r${i}`)).toBe(ErrorCode.NONE);
    await level(1, 2, 3);
    for (const id of [1, 2, 3]) {
      const { replica } = cluster.node(id);
      expect(replica.highWatermark).toBe(20 + own);
      expect(replica.log.lastRecordEpoch).toBe(1);
      expect((await cluster.node(id).texts()).length).toBe(20);
      if (quorum) expect(replica.log.flushedEnd).toBe(20 + own);
    }
  });

  it('serves many at once', async () => {
    const { cluster } = setUp();
    const outcomes = await Promise.all(
      Array.from({ length: 500 }, (_, i) => cluster.node(1).produce(`r${i}`)),
    );
    expect(new Set(outcomes)).toEqual(new Set([ErrorCode.NONE]));
  });

  it('commits without a slow follower: at once in a quorum, else when it has left the in-sync set', async () => {
    const { cluster, isolate, level } = setUp({ 'min.insync.replicas': '2' }, {}, 1_500);
    await cluster.node(1).produce('a');
    await level(1, 2, 3);
    isolate(3);
    const started = performance.now();
    expect(await cluster.node(1).produce('b')).toBe(ErrorCode.NONE);
    if (quorum) expect(performance.now() - started).toBeLessThan(1_500);
    expect(cluster.partition.isr).toEqual(quorum ? [1, 2, 3] : [1, 2]);
    isolate(3, false);
    await level(1, 2, 3);
    await until(() => cluster.partition.isr.length === 3);
    expect(await cluster.node(3).texts()).toEqual(['a', 'b']);
  });

  it('refuses when too few are in sync, and goes on when they are back', async () => {
    const { cluster, isolate } = setUp({ 'min.insync.replicas': '2' }, {}, 200);
    await cluster.node(1).produce('a');
    isolate(1);
    // Told when the set has become too small or no majority is heard, not when the client's time is up.
    expect(await cluster.node(1).produce('b')).toBe(ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND);
    expect(cluster.partition.isr).toEqual(quorum ? [1, 2, 3] : [1]);
    expect(cluster.node(1).replica.hasEnoughInSync).toBe(false);
    expect(cluster.node(1).replica.highWatermark).toBe(1 + own);
    isolate(1, false);
    await until(() => cluster.node(1).replica.hasEnoughInSync);
    await until(() => cluster.node(1).replica.highWatermark === 2 + own);
    expect(await cluster.node(1).texts()).toEqual(['a', 'b']);
  });

  it('does not refuse at rest, when nobody has anything to fetch', async () => {
    const { cluster, level } = setUp({ 'min.insync.replicas': '2' });
    await cluster.node(1).produce('a');
    await level(1, 2, 3);
    const { replica } = cluster.node(1);
    const since = performance.now();
    await until(() => performance.now() > since + 2 * SILENCE_MS_MAX);
    expect(replica.hasEnoughInSync).toBe(true);
    expect(await cluster.node(1).produce('b')).toBe(ErrorCode.NONE);
  });

  it('moves to another leader, and cuts what was never committed', async () => {
    const { cluster, isolate, level } = setUp();
    await cluster.node(1).produce('a');
    await level(1, 2, 3);
    isolate(1);
    void cluster.node(1).produce('lost 1');
    void cluster.node(1).produce('lost 2');
    cluster.change({ leader: 2, isr: quorum ? [1, 2, 3] : [2, 3] }, [1]);
    expect(await cluster.node(2).produce('b')).toBe(ErrorCode.NONE);
    expect(cluster.node(1).replica.logEndOffset).toBe(3 + own);
    isolate(1, false);
    cluster.tell(cluster.node(1));
    await level(2, 1, 3);
    for (const id of [1, 2, 3]) expect(await cluster.node(id).texts()).toEqual(['a', 'b']);
    await until(() => cluster.partition.isr.length === 3);
  });

  it('lets the old leader commit nothing that it alone believes in', async () => {
    const { cluster, isolate } = setUp();
    isolate(1);
    const zombie = cluster.node(1).produce('zombie');
    cluster.change({ leader: 2, isr: quorum ? [1, 2, 3] : [2, 3] }, [1]);
    isolate(1, false);
    expect(await cluster.node(2).produce('a')).toBe(ErrorCode.NONE);
    cluster.tell(cluster.node(1));
    expect(await zombie).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
  });

  it('agrees after two fail-overs in a row (pb.kip101.doubleFailover, pb.kip279.fastFailover)', async () => {
    const { cluster, isolate, level } = setUp({ 'min.insync.replicas': '1' });
    await cluster.node(1).produce('a');
    await level(1, 2, 3);
    isolate(1);
    void cluster.node(1).produce('of epoch 1');
    cluster.change({ leader: 2, isr: quorum ? [1, 2, 3] : [2] }, [1]);
    isolate(2);
    void cluster.node(2).produce('of epoch 2');
    cluster.change({ leader: 1, isr: quorum ? [1, 2, 3] : [1] });
    isolate(1, false);
    isolate(2, false);
    expect(await cluster.node(1).produce('of epoch 3')).toBe(ErrorCode.NONE);
    await level(1, 2, 3);
    expect(await cluster.node(2).texts()).toEqual(await cluster.node(1).texts());
    expect(await cluster.node(3).texts()).toEqual(await cluster.node(1).texts());
  });

  it('goes on after a restart of a follower and of the leader', async () => {
    const { cluster, level } = setUp();
    await cluster.node(1).produce('a');
    await level(1, 2, 3);
    for (const id of [3, 1]) {
      const node = cluster.node(id);
      await node.stop();
      node.start();
      cluster.change({});
      expect(await cluster.node(1).produce(`after ${id}`)).toBe(ErrorCode.NONE);
      await level(1, 2, 3);
    }
    for (const id of [1, 2, 3]) {
      expect(await cluster.node(id).texts()).toEqual(['a', 'after 3', 'after 1']);
    }
  });

  it('follows the log start, and begins anew when it is behind it', async () => {
    const { cluster, isolate, level } = setUp({ 'min.insync.replicas': '1' }, {}, 100);
    await cluster.node(1).produce('a');
    await level(1, 2, 3);
    isolate(3);
    for (const text of ['b', 'c', 'd']) await cluster.node(1).produce(text);
    expect(cluster.node(1).replica.deleteRecordsBefore(3 + own)).toEqual({ lowWatermark: 3 + own });
    await cluster.node(1).produce('e');
    await until(() => cluster.node(2).replica.logStartOffset === 3 + own);
    isolate(3, false);
    await level(1, 2, 3);
    expect(cluster.node(3).replica.logStartOffset).toBe(3 + own);
    expect(await cluster.node(3).texts()).toEqual(['d', 'e']);
  });

  it('fills a replica that joins, and deletes one that leaves', async () => {
    const { cluster, level } = setUp({}, { replicas: [1, 2], isr: [1, 2] });
    await cluster.node(1).produce('a');
    expect(() => cluster.node(3).replica).toThrow();
    cluster.change({ replicas: [1, 2, 3], adding: [3] });
    await level(1, 3);
    await until(() => cluster.partition.isr.length === 3);
    cluster.change({ replicas: [1, 3], isr: [1, 3], adding: [], leader: 1 });
    expect(() => cluster.node(2).replica).toThrow();
    expect(await cluster.node(1).produce('b')).toBe(ErrorCode.NONE);
    await level(1, 3);
    expect(await cluster.node(3).texts()).toEqual(['a', 'b']);
  });

  it('keeps the promise not to serve lower epochs, over a restart', async () => {
    const { cluster, level } = setUp();
    await cluster.node(1).produce('a');
    await level(1, 2, 3);
    const topicId = cluster.node(1).replica.topicId;
    const promise = (id: number, epoch: number) =>
      cluster.node(id).replicas.fence([{ topicId, partition: 0, epoch }])[0];
    // What counts is what is on disk; elections by promises are for quorum topics only.
    const given = { error: ErrorCode.NONE, epoch: 5, lastEpoch: quorum ? 1 : -1 };
    expect(promise(2, 5)).toMatchObject(given);
    expect(promise(1, 5)).toMatchObject(given);
    if (quorum) expect(promise(1, 5)).toMatchObject({ ...given, logEnd: 2 });
    expect(promise(2, 4)).toMatchObject({ error: ErrorCode.FENCED_LEADER_EPOCH, epoch: 5 });
    expect(await cluster.node(1).produce('x')).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    await cluster.node(1).stop();
    cluster.node(1).start();
    cluster.change({});
    expect(await cluster.node(1).produce('x')).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    expect(promise(1, 4)).toMatchObject({ error: ErrorCode.FENCED_LEADER_EPOCH, epoch: 5 });
    cluster.change({ leader: 3, leaderEpoch: 5 });
    expect(await cluster.node(3).produce('b')).toBe(ErrorCode.NONE);
    await level(3, 1, 2);
  });

  it('does not vote for a partition that it is not eligible for, or not registered for', () => {
    const { cluster } = setUp({}, { isr: [1, 2] });
    const topicId = cluster.node(1).replica.topicId;
    const wanted = [{ topicId, partition: 0, epoch: 5 }];
    expect(cluster.node(3).replicas.fence(wanted)[0]?.error).toBe(ErrorCode.INELIGIBLE_REPLICA);
    cluster.node(2).epoch = -1;
    expect(cluster.node(2).replicas.fence(wanted)[0]?.error).toBe(ErrorCode.INELIGIBLE_REPLICA);
  });
});

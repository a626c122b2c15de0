/** Topics on three real brokers: what was acknowledged is there whoever leads, and leaves with nobody. */
import {
  ErrorCode,
  alterPartitionReassignmentsApi,
  buildBatch,
  createTopicsApi,
  fetchApi,
  produceApi,
  readRecords,
} from '@tidemark/wire';
import type { PartitionImage, ReplicationProtocol } from '../controller/metadata-image.js';
import { RunningCluster } from '../testing/running-cluster.js';
import type { RawClient } from '../testing/raw-client.js';
import { until } from '../testing/running-broker.js';

describe.each<ReplicationProtocol>(['primary-backup', 'quorum'])(
  'a %s topic on three brokers',
  (protocol) => {
    const name = `t-${protocol}`;
    let cluster: RunningCluster;
    const clients = new Map<number, RawClient>();
    const acknowledged: string[] = [];
    beforeAll(async () => {
      cluster = await RunningCluster.start({
        TIDEMARK_KAFKA_MIN_INSYNC_REPLICAS: '2',
        TIDEMARK_KAFKA_AUTO_LEADER_REBALANCE_ENABLE: 'false',
      });
      const configs = [{ name: 'replication.protocol', value: protocol }];
      const topic = { name, numPartitions: 1, replicationFactor: 3, assignments: [], configs };
      const client = await cluster.connect(1);
      const { topics } = await client.ask(createTopicsApi, 7, { topics: [topic], timeoutMs: 5000 });
      expect(topics[0]?.errorCode).toBe(ErrorCode.NONE);
      await until(() => leader() > 0);
    }, 60_000);
    afterAll(() => cluster.stop());

    const partition = (): PartitionImage | undefined => {
      const [broker] = cluster.running;
      return broker?.controller.image.topics.get(name)?.partitions[0];
    };
    const leader = (): number => partition()?.leader ?? -1;

    async function clientOf(id: number): Promise<RawClient> {
      let client = clients.get(id);
      if (client === undefined) clients.set(id, (client = await cluster.connect(id)));
      return client;
    }

    /** Until it is acknowledged; a lost connection or a leader that has moved is tried again. */
    async function produce(text: string): Promise<void> {
      const records = buildBatch([{ key: null, value: Buffer.from(text) }], { timestamp: Date.now() });
      const topicData = [{ name, partitionData: [{ index: 0, records }] }];
      await until(async () => {
        const id = leader();
        if (id < 0) return false;
        try {
          const client = await clientOf(id);
          const { responses } = await client.ask(produceApi, 9, { acks: -1, timeoutMs: 3000, topicData });
          return responses[0]?.partitionResponses[0]?.errorCode === ErrorCode.NONE;
        } catch {
          clients.delete(id);
          return false;
        }
      }, 30_000);
      acknowledged.push(text);
    }

    async function consumed(): Promise<string[]> {
      const texts: string[] = [];
      // The metadata names a leader before its own broker has heard of it, and that one before it knows what is committed.
      await until(() => {
        const replica = leader() > 0 ? cluster.broker(leader()).replicas.leader(name, 0) : ErrorCode.NONE;
        return typeof replica !== 'number' && replica.highWatermark >= acknowledged.length;
      });
      const client = await cluster.connect(leader());
      for (let fetchOffset = 0; ;) {
        const partitions = [{ partition: 0, fetchOffset, partitionMaxBytes: 1_000_000 }];
        const request = { maxWaitMs: 0, minBytes: 0, topics: [{ topic: name, partitions }] };
        const answer = (await client.ask(fetchApi, 11, request)).responses[0]?.partitions[0];
        expect(answer?.errorCode).toBe(ErrorCode.NONE);
        const bytes = answer?.records ?? new Uint8Array(0);
        if (bytes.length === 0) return [...new Set(texts)];
        for (const { value, offset } of readRecords(bytes)) {
          fetchOffset = offset + 1;
          const text = Buffer.from(value ?? []).toString();
          if (/^r\d+$/.test(text)) texts.push(text);
        }
      }
    }

    it('keeps what was acknowledged while each broker stops and comes back', async () => {
      let count = 0;
      for (const id of [1, 2, 3]) {
        for (let i = 0; i < 20; i++) await produce(`r${count++}`);
        await cluster.stopBroker(id);
        clients.delete(id);
        for (let i = 0; i < 20; i++) await produce(`r${count++}`);
        await cluster.startBroker(id);
        await until(() => partition()?.isr.length === 3, 30_000);
      }
      expect(await consumed()).toEqual(acknowledged);
      const ends = (): number[] =>
        cluster.running.map(({ replicas }) => {
          const replica = replicas.topic(name)?.partitions[0];
          return replica === undefined || typeof replica === 'number' ? -1 : replica.highWatermark;
        });
      await until(() => new Set(ends()).size === 1);
      expect(ends()[0]).toBeGreaterThanOrEqual(acknowledged.length);
    }, 120_000);

    it('moves to fewer replicas and back', async () => {
      const move = async (replicas: number[]): Promise<void> => {
        const client = await cluster.connect(1);
        const topics = [{ name, partitions: [{ partitionIndex: 0, replicas }] }];
        const answer = await client.ask(alterPartitionReassignmentsApi, 0, { timeoutMs: 5000, topics });
        expect(answer.responses[0]?.partitions[0]).toMatchObject({ errorCode: ErrorCode.NONE });
        await until(() => {
          const now = partition();
          return now?.adding.length === 0 && now.removing.length === 0 && now.isr.length === replicas.length;
        }, 30_000);
      };
      await move([2]);
      await until(
        () => cluster.broker(1).replicas.topic(name)?.partitions[0] === ErrorCode.NOT_LEADER_OR_FOLLOWER,
      );
      await move([3, 1, 2]);
      await until(() => leader() > 0);
      expect(await consumed()).toEqual(acknowledged);
    }, 120_000);
  },
);

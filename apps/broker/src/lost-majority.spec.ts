/** Two of three disks are gone for good: what the documented way back (docs/operations.md) brings, and what it costs. */
import {
  ErrorCode,
  alterPartitionReassignmentsApi,
  buildBatch,
  createTopicsApi,
  electLeadersApi,
  produceApi,
} from '@tidemark/wire';
import type { PartitionImage } from './controller/metadata-image.js';
import { Replica } from './replicas/replica.js';
import { RunningCluster } from './testing/running-cluster.js';
import { until } from './testing/running-broker.js';

const NEW_DISK = { 2: '00000000-0000-4000-8000-000000000022', 3: '00000000-0000-4000-8000-000000000033' };

describe('a cluster that lost two of three disks', () => {
  let cluster: RunningCluster;
  beforeAll(async () => {
    cluster = await RunningCluster.start();
  });
  afterAll(() => cluster.stop());

  const partition = (): PartitionImage | undefined =>
    cluster.broker(1).controller.image.topics.get('t')?.partitions[0];
  const led = (): Replica | undefined => {
    const found = cluster.broker(1).replicas.leader('t', 0);
    return found instanceof Replica ? found : undefined;
  };
  async function create(): Promise<void> {
    const client = await cluster.connect(1);
    const configs = [{ name: 'replication.protocol', value: 'quorum' }];
    const assignments = [{ partitionIndex: 0, brokerIds: [1, 2, 3] }];
    const topic = { name: 't', numPartitions: -1, replicationFactor: -1, assignments, configs };
    await client.ask(createTopicsApi, 7, { topics: [topic], timeoutMs: 5_000 });
    await until(() => led() !== undefined);
  }
  async function produce(): Promise<number | undefined> {
    const client = await cluster.connect(1);
    const records = buildBatch([{ key: null, value: Buffer.from('v') }], { timestamp: Date.now() });
    const topicData = [{ name: 't', partitionData: [{ index: 0, records }] }];
    const { responses } = await client.ask(produceApi, 9, { acks: -1, timeoutMs: 5_000, topicData });
    return responses[0]?.partitionResponses[0]?.errorCode;
  }
  async function recover(): Promise<number | undefined> {
    const client = await cluster.connect(1);
    const topicPartitions = [{ topic: 't', partitions: [0] }];
    const asked = { electionType: 1, topicPartitions, timeoutMs: 5_000 };
    const { replicaElectionResults } = await client.ask(electLeadersApi, 2, asked);
    return replicaElectionResults[0]?.partitionResult[0]?.errorCode;
  }
  async function spread(): Promise<void> {
    const client = await cluster.connect(1);
    const topics = [{ name: 't', partitions: [{ partitionIndex: 0, replicas: [1, 2, 3] }] }];
    await client.ask(alterPartitionReassignmentsApi, 0, { timeoutMs: 5_000, topics });
    await until(() => partition()?.isr.length === 3 && partition()?.adding.length === 0, 20_000);
  }

  it('goes on with what the third one has, when an operator says so', async () => {
    await create();
    expect(await produce()).toBe(ErrorCode.NONE);
    expect(await recover()).toBe(ErrorCode.ELECTION_NOT_NEEDED);
    const end = led()?.highWatermark ?? 0;
    expect(end).toBeGreaterThan(1);

    for (const id of [3, 2, 1]) await cluster.stopBroker(id);
    for (const id of [2, 3]) cluster.loseDisk(id);
    // The metadata has lost its majority too: its voters are who is left.
    const TIDEMARK_VOTERS = cluster.votersOf([1]);
    await cluster.startBroker(1, { TIDEMARK_VOTERS });
    for (const id of [2, 3] as const) {
      await cluster.startBroker(id, { TIDEMARK_VOTERS, TIDEMARK_DIRECTORY_ID: NEW_DISK[id] });
    }
    await until(() => cluster.alive.length === 3 && partition()?.isr.join() === '1');
    expect(led()).toBeUndefined();

    expect(await recover()).toBe(ErrorCode.NONE);
    await until(() => led()?.knowsHighWatermark === true);
    expect(await produce()).toBe(ErrorCode.NONE);
    await spread();
    await until(() => led() !== undefined, 20_000);
    expect(await produce()).toBe(ErrorCode.NONE);
    expect(led()?.logStartOffset).toBe(0);
    expect(led()?.highWatermark).toBeGreaterThan(end);
    expect(await recover()).toBe(ErrorCode.ELECTION_NOT_NEEDED);
  });
});

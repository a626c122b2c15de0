/** FindCoordinator and InitProducerId on the wire of a running broker. */
import { ErrorCode, findCoordinatorApi, heartbeatApi, initProducerIdApi } from '@tidemark/wire';
import { RunningBroker } from '../testing/running-broker.js';

describe('finding a coordinator (G1), and producer ids (X1)', () => {
  let running: RunningBroker;
  beforeEach(async () => {
    running = await RunningBroker.start();
  });
  afterEach(() => running.stop());

  it('before anybody asks there is none', async () => {
    const client = await running.connect();
    const { errorCode } = await client.ask(heartbeatApi, 0, { groupId: 'g', generationId: 1, memberId: 'm' });
    expect(errorCode).toBe(ErrorCode.COORDINATOR_NOT_AVAILABLE);
  });

  it('the first question makes the topic and is answered with this broker, in every version', async () => {
    const { port } = running.addresses.kafka;
    const here = { errorCode: 0, nodeId: 1, host: '127.0.0.1', port };
    const clients = await Promise.all([1, 2, 3].map(() => running.connect()));
    const answers = await Promise.all(
      clients.map((client) =>
        client.ask(findCoordinatorApi, 1, { key: 'g', keyType: 0, coordinatorKeys: [] }),
      ),
    );
    for (const answer of answers) expect(answer).toMatchObject(here);
    const client = clients[0]!;
    for (let version = 0; version <= 6; version++) {
      const answer = await client.ask(findCoordinatorApi, version, { key: 'g', coordinatorKeys: ['a', 'b'] });
      if (version < 4) expect(answer).toMatchObject(here);
      else
        expect(answer.coordinators).toMatchObject([
          { key: 'a', ...here },
          { key: 'b', ...here },
        ]);
    }
    const topic = running.broker.controller.image.topics.get('__consumer_offsets');
    expect(topic).toMatchObject({ internal: true, configs: { 'cleanup.policy': 'compact' } });
    expect(topic?.partitions).toHaveLength(4);
  });

  it('a transactional id has none, and that is final', async () => {
    const client = await running.connect();
    const answer = await client.ask(findCoordinatorApi, 2, { key: 'tx', keyType: 1, coordinatorKeys: [] });
    expect(answer).toMatchObject({ errorCode: ErrorCode.INVALID_REQUEST, nodeId: -1, host: '' });
  });

  it('a producer id is never given twice, not by many at once and not after a restart', async () => {
    const ids = new Set<number>();
    const ask = async (count: number): Promise<void> => {
      const client = await running.connect();
      for (let index = 0; index < count; index++) {
        const request = { transactionalId: null, transactionTimeoutMs: 1000 };
        const answer = await client.ask(initProducerIdApi, index % 6, request);
        expect(answer).toMatchObject({ errorCode: 0, producerEpoch: 0 });
        ids.add(answer.producerId);
      }
    };
    await Promise.all([ask(400), ask(400), ask(400)]);
    await running.restart();
    await ask(10);
    expect(ids.size).toBe(1210);
    const client = await running.connect();
    for (const transactionalId of ['', 'tx']) {
      const answer = await client.ask(initProducerIdApi, 4, { transactionalId, transactionTimeoutMs: 1000 });
      expect(answer).toMatchObject({ errorCode: ErrorCode.INVALID_REQUEST, producerId: -1 });
    }
  });
});

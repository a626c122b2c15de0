// kill -9 of the broker, again and again, at moments that chance picks, while an idempotent producer never stops: nothing
// acknowledged is lost, nothing is reordered, nothing is there twice.
import { BrokerProcess } from '../harness/broker-process.js';
import { eventually } from '../harness/eventually.js';
import { readPartition } from '../harness/read-partition.js';
import { SteadyProducer } from './steady-producer.js';

const KILLS = Number(process.env.TIDEMARK_TEST_KILLS ?? 50);

describe('a broker that is killed under load', () => {
  let broker: BrokerProcess;
  let producer: SteadyProducer;
  beforeAll(async () => {
    // Small segments and indexes, so that kills also fall into rolling.
    broker = await BrokerProcess.start({ 'log.segment.bytes': '65536', 'log.index.interval.bytes': '512' });
  }, 30_000);
  afterAll(async () => {
    // It never gives up by itself, and would keep this process when a kill was not survived.
    producer.abandon();
    await broker.stop();
  });

  it(`keeps every acknowledged record over ${KILLS} kills`, async () => {
    producer = new SteadyProducer(broker.address, 'crash');
    producer.start();
    for (let kill = 0; kill < KILLS; kill++) {
      const reached = producer.acknowledged + 10 + Math.floor(Math.random() * 2000);
      await eventually(
        () => producer.acknowledged >= reached,
        60_000,
        () => `the producer goes on; retries ${JSON.stringify([...producer.retries])}\n${broker.log}`,
      );
      await broker.signal('SIGKILL');
      await broker.restart();
    }
    await producer.stop();
    const seen = await readPartition(broker.address, 'crash');
    expect(seen.length).toBe(producer.acknowledged);
    expect(seen.findIndex(({ offset, value }, index) => offset !== index || value !== String(index))).toBe(
      -1,
    );
    // The run counts only when the kills did bite: most of them must have cut answers off.
    const cut = [...producer.retries.values()].reduce((total, count) => total + count, 0);
    expect(cut).toBeGreaterThanOrEqual(KILLS / 2);
  }, 600_000);
});

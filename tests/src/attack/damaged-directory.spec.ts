// A data directory that somebody has been at: the broker comes up with everything acknowledged that the files still
// hold. What is damaged is never served and never quietly cut away.
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { ErrorCode } from '@tidemark/wire';
import type { BrokerProcess } from '../harness/broker-process.js';
import { WireConnection } from '../harness/wire-connection.js';
import { fill, survey } from './partition-survey.js';
import {
  dataOf,
  expectAll,
  expectOffline,
  filesOf,
  filledBroker,
  flip,
  holding,
  NUMBERS,
  partitionOf,
  snapshot,
  TOPIC,
} from './data-directories.js';

describe('a data directory', () => {
  const brokers: BrokerProcess[] = [];
  afterEach(async () => {
    for (const broker of brokers.splice(0)) await broker.stop();
  });
  const filled = async (signal: NodeJS.Signals | undefined): Promise<BrokerProcess> => {
    const broker = await filledBroker(signal);
    brokers.push(broker);
    return broker;
  };

  it('with flipped bits in closed segments serves all but the damaged batches, and cuts nothing', async () => {
    const broker = await filled('SIGTERM');
    const logs = filesOf(broker, '.log');
    expect(logs.length).toBeGreaterThan(4);
    // In the records of a batch in the middle of three segments, and in the header of one.
    for (const path of [logs[0], logs[2], logs[4]])
      flip(path ?? '', Math.floor(statSync(path ?? '').size / 2));
    const sizes = logs.map((path) => statSync(path).size);
    await broker.restart();
    const { numbers, errors, end } = await survey(broker.address, TOPIC);
    expect(end).toBe(NUMBERS);
    expect([...new Set(errors.values())]).toEqual([ErrorCode.CORRUPT_MESSAGE]);
    expect(errors.size).toBe(3 * 5);
    for (const [offset, number] of numbers) expect(number).toBe(offset);
    expect(numbers.size + errors.size).toBe(NUMBERS);
    const connection = await WireConnection.open(broker.address);
    expect(await fill(connection, TOPIC, NUMBERS, 2)).toEqual({ next: NUMBERS + 10, error: 0 });
    connection.close();
    expect(logs.slice(0, -1).map((path) => statSync(path).size)).toEqual(sizes.slice(0, -1));
  }, 60_000);

  it('with a write that a kill cut short is cut there, and says so', async () => {
    const broker = await filled('SIGKILL');
    const tail = filesOf(broker, '.log').at(-1) ?? '';
    appendFileSync(tail, readFileSync(tail).subarray(0, 100));
    await broker.restart();
    await expectAll(broker);
    expect(broker.log).toMatch(/"cutBytes":100,"logEndOffset":300.*cut behind its longest valid prefix/);
  }, 60_000);

  it.each<[string, NodeJS.Signals, (broker: BrokerProcess) => void]>([
    ['without indexes', 'SIGTERM', (broker) => indexes(broker).forEach((path) => rmSync(path))],
    ['without indexes after a kill', 'SIGKILL', (broker) => indexes(broker).forEach((path) => rmSync(path))],
    ['with empty indexes', 'SIGTERM', (broker) => indexes(broker).forEach((path) => writeFileSync(path, ''))],
    [
      'with noise for indexes',
      'SIGTERM',
      (broker) => indexes(broker).forEach((path) => writeFileSync(path, noise)),
    ],
    [
      'with noise for indexes after a kill',
      'SIGKILL',
      (broker) => indexes(broker).forEach((path) => writeFileSync(path, noise)),
    ],
    [
      'with noise for producer snapshots',
      'SIGTERM',
      (broker) => filesOf(broker, '.snapshot').forEach((path) => writeFileSync(path, noise)),
    ],
    ['without checkpoints', 'SIGKILL', (broker) => checkpoints(broker).forEach((path) => rmSync(path))],
    [
      'with noise for checkpoints',
      'SIGTERM',
      (broker) => checkpoints(broker).forEach((path) => writeFileSync(path, noise)),
    ],
    [
      'with noise for checkpoints after a kill',
      'SIGKILL',
      (broker) => checkpoints(broker).forEach((path) => writeFileSync(path, noise)),
    ],
    ['with files of nobody', 'SIGTERM', (broker) => holding(partitionOf(broker), 'notes.txt', 'mine')],
  ])(
    '%s loses nothing',
    async (_name, signal, damage) => {
      const broker = await filled(signal);
      damage(broker);
      await broker.restart();
      await expectAll(broker);
      const connection = await WireConnection.open(broker.address);
      expect((await fill(connection, TOPIC, NUMBERS, 1)).next).toBe(NUMBERS + 5);
      connection.close();
      expect((await survey(broker.address, TOPIC)).end).toBe(NUMBERS + 5);
    },
    60_000,
  );

  const noise = Buffer.from(Array.from({ length: 996 }, (_, index) => (index * 37 + 11) & 0xff));
  const indexes = (broker: BrokerProcess): string[] => [
    ...filesOf(broker, '.index'),
    ...filesOf(broker, '.timeindex'),
  ];
  const checkpoints = (broker: BrokerProcess): string[] =>
    readdirSync(dataOf(broker))
      .filter((name) => name.endsWith('-checkpoint'))
      .map((name) => join(dataOf(broker), name));

  it.each<[string, NodeJS.Signals, (broker: BrokerProcess) => void]>([
    ['a segment gone', 'SIGTERM', (broker) => rmSync(filesOf(broker, '.log')[1] ?? '')],
    ['a segment gone, after a kill', 'SIGKILL', (broker) => rmSync(filesOf(broker, '.log')[1] ?? '')],
    ['a segment cut short', 'SIGTERM', (broker) => truncateSync(filesOf(broker, '.log')[1] ?? '', 5_000)],
    [
      'a segment cut short, after a kill',
      'SIGKILL',
      (broker) => truncateSync(filesOf(broker, '.log')[1] ?? '', 5_000),
    ],
    [
      'its last segment emptied',
      'SIGTERM',
      (broker) => truncateSync(filesOf(broker, '.log').at(-1) ?? '', 0),
    ],
    [
      'nothing but its folder',
      'SIGTERM',
      (broker) => {
        rmSync(partitionOf(broker), { recursive: true });
        mkdirSync(partitionOf(broker));
      },
    ],
    [
      'a flipped bit in its last batch, after a kill',
      'SIGKILL',
      (broker) => {
        const tail = filesOf(broker, '.log').at(-1) ?? '';
        flip(tail, statSync(tail).size - 10);
      },
    ],
    ['noise for a segment', 'SIGTERM', (broker) => writeFileSync(filesOf(broker, '.log')[2] ?? '', noise)],
  ])(
    'with %s takes that partition offline, and touches none of it',
    async (_name, signal, damage) => {
      const broker = await filled(signal);
      damage(broker);
      await expectOffline(broker, snapshot(partitionOf(broker), '.log'));
    },
    60_000,
  );
});

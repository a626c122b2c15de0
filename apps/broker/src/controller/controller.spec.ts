/** The controller over a real metadata log: what is heard, answered, on disk and there again after a restart. */
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LogDirectory } from '@tidemark/log';
import { nodeClock, nodeDisk, nodeRandom } from '@tidemark/platform/node';
import { ErrorCode } from '@tidemark/wire';
import { Kafka, logLevel } from 'kafkajs';
import { RunningBroker, until } from '../testing/running-broker.js';
import { soleQuorum } from '../testing/sole-quorum.js';
import { Controller } from './controller.js';
import type { ControllerAnswer } from './controller.js';
import type { ControllerCommand, CreateTopics } from './controller-commands.js';
import type { MetadataDelta } from './metadata-image.js';

describe('a controller on a real directory', () => {
  const base = mkdtempSync(join(tmpdir(), 'tidemark-controller-spec-'));
  afterAll(() => rmSync(base, { recursive: true, force: true }));

  interface Running {
    readonly controller: Controller;
    readonly deltas: MetadataDelta[];
    close(): Promise<void>;
  }

  const open = async (path: string): Promise<Running> => {
    const doors = { disk: nodeDisk, clock: nodeClock, random: nodeRandom };
    const directory = LogDirectory.open({ ...doors, path, clusterId: 'c', nodeId: 1 });
    const quorum = soleQuorum(directory, doors);
    const controller = new Controller({
      clusterId: 'c',
      log: quorum.log,
      leadership: quorum,
      defaults: { partitions: 1, replicationFactor: 1, minInsyncReplicas: 1, uncleanElection: false },
      onFailed: (error) => {
        throw error;
      },
    });
    const deltas: MetadataDelta[] = [];
    controller.listen((_, delta) => deltas.push(delta));
    const loaded = controller.start();
    await quorum.start();
    await loaded;
    return {
      controller,
      deltas,
      close: () => {
        controller.stop();
        quorum.stop();
        return directory.close();
      },
    };
  };

  const submit = <C extends ControllerCommand>(
    { controller }: Running,
    command: C,
  ): Promise<ControllerAnswer<C['type']>> => new Promise((resolve) => controller.submit(command, resolve));
  const registerIn = async (running: Running): Promise<void> => {
    const registration = await submit(running, {
      type: 'RegisterBroker',
      brokerId: 1,
      clusterId: 'c',
      incarnationId: nodeRandom.uuid(),
      host: 'h',
      port: 1,
      rack: null,
      directoryId: nodeRandom.uuid(),
      previousBrokerEpoch: -1,
      contested: false,
    });
    const brokerEpoch = 'reply' in registration ? registration.reply.epoch : -1;
    const metadataOffset = running.controller.image.position - 1;
    const wishes = { wantFence: false, wantShutDown: false };
    await submit(running, { type: 'BrokerHeartbeat', brokerId: 1, brokerEpoch, metadataOffset, ...wishes });
  };
  const create = (name: string): CreateTopics => {
    const topic = {
      name,
      topicId: nodeRandom.uuid(),
      partitions: 1,
      replicationFactor: 1,
      assignments: [],
      configs: [],
    };
    return { type: 'CreateTopics', topics: [topic], validateOnly: false };
  };

  it('tells listeners before it answers, and after a restart tells everything at once', async () => {
    const path = join(base, 'restart');
    const first = await open(path);
    await registerIn(first);
    let toldBefore = 0;
    await submit(first, create('t')).then(() => (toldBefore = first.deltas.length));
    expect(first.deltas.at(toldBefore - 1)?.createdTopics.map(({ name }) => name)).toEqual(['t']);
    await submit(first, create('short-lived'));
    await submit(first, { type: 'DeleteTopics', topics: [{ name: 'short-lived', topicId: null }] });
    const { position } = first.controller.image;
    await first.close();

    const second = await open(path);
    expect(second.controller.image.position).toBe(position);
    expect(second.deltas).toHaveLength(1);
    expect(second.deltas[0]?.createdTopics.map(({ name, partitions }) => [name, partitions.length])).toEqual([
      ['t', 1],
    ]);
    expect(second.deltas[0]?.deletedTopics).toEqual([]);
    const late: string[] = [];
    second.controller.listen((_, delta) => late.push(...delta.createdTopics.map(({ name }) => name)));
    expect(late).toEqual(['t']);
    await second.close();
  });

  it('what it acknowledged is in the files at that moment: a crash right after loses nothing', async () => {
    const path = join(base, 'crash');
    const running = await open(path);
    await registerIn(running);
    for (const name of ['a', 'b', 'c']) {
      expect(await submit(running, create(name))).toMatchObject({ reply: [{ error: ErrorCode.NONE }] });
      const copy = join(base, `crash-at-${name}`);
      cpSync(path, copy, { recursive: true, filter: (file) => !file.includes('.lock') });
      const after = await open(copy);
      expect([...after.controller.image.topics.keys()]).toContain(name);
      expect(after.controller.image.position).toBe(running.controller.image.position);
      await after.close();
    }
    await running.close();
  });

  it('answers many commands at once, each by itself', async () => {
    const running = await open(join(base, 'many'));
    await registerIn(running);
    const names = Array.from({ length: 200 }, (_, index) => `t${index % 100}`);
    const answers = await Promise.all(names.map((name) => submit(running, create(name))));
    const errors = answers.flatMap((answer) => ('reply' in answer ? answer.reply : []));
    expect(errors.filter(({ error }) => error === ErrorCode.NONE)).toHaveLength(100);
    expect(errors.filter(({ error }) => error === ErrorCode.TOPIC_ALREADY_EXISTS)).toHaveLength(100);
    await running.close();
    running.controller.submit(create('late'), (answer) =>
      expect(answer).toEqual({ error: ErrorCode.NOT_CONTROLLER }),
    );
  });
});

describe('a broker that died between deleting a topic and removing its files', () => {
  it('removes them at its next start, and leaves alone what nobody deleted', async () => {
    const running = await RunningBroker.start();
    const aside = mkdtempSync(join(tmpdir(), 'tidemark-controller-spec-'));
    const folders = (): string[] =>
      readdirSync(running.directory).filter((name) => /^(gone|stranger)-0/.test(name));
    try {
      const client = await running.connect();
      await client.createTopic('gone');
      const producer = new Kafka({ brokers: [running.bootstrap], logLevel: logLevel.NOTHING }).producer();
      await producer.connect();
      await producer.send({ topic: 'gone', messages: [{ value: 'x' }] });
      await producer.disconnect();
      const files = join(running.directory, 'gone-0');
      cpSync(files, join(aside, 'gone-0'), { recursive: true });
      const deletion = { type: 'DeleteTopics', topics: [{ name: 'gone', topicId: null }] } as const;
      running.broker.controller.submit(deletion, () => undefined);
      await until(() => folders().length === 0);
      cpSync(join(aside, 'gone-0'), files, { recursive: true });
      cpSync(join(aside, 'gone-0'), join(running.directory, 'stranger-0'), { recursive: true });
      rmSync(join(running.directory, 'stranger-0', 'partition.metadata'));
      await running.restart();
      await until(() => !folders().some((name) => name.startsWith('gone')));
      expect(folders()).toEqual(['stranger-0']);
    } finally {
      await running.stop();
      rmSync(aside, { recursive: true, force: true });
    }
  });
});

/** Topics, partitions and configurations on the wire of a running broker, every version that is spoken. */
import { existsSync, readdirSync } from 'node:fs';
import {
  ErrorCode,
  alterConfigsApi,
  createPartitionsApi,
  createTopicsApi,
  deleteTopicsApi,
  describeConfigsApi,
  incrementalAlterConfigsApi,
} from '@tidemark/wire';
import type { DecodedResponse } from '@tidemark/wire';
import { RunningBroker, until } from '../testing/running-broker.js';
import { NO_ID } from '../testing/raw-client.js';
import type { RawClient } from '../testing/raw-client.js';

type Described = DecodedResponse<typeof describeConfigsApi>['results'][number];

describe('topics and configuration on the wire', () => {
  let running: RunningBroker;
  let client: RawClient;
  beforeAll(async () => {
    running = await RunningBroker.start({ TIDEMARK_KAFKA_LOG_RETENTION_MS: '1234567' });
    client = await running.connect();
  });
  afterAll(() => running.stop());

  const create = (
    version: number,
    name: string,
    configs: { name: string; value: string | null }[] = [],
    validateOnly = false,
  ) =>
    client.ask(createTopicsApi, version, {
      topics: [{ name, numPartitions: 2, replicationFactor: 1, assignments: [], configs }],
      timeoutMs: 1000,
      validateOnly,
    });

  const describe_ = async (
    version: number,
    resourceType: number,
    resourceName: string,
    keys: string[] | null = null,
  ): Promise<Described> => {
    const resources = [{ resourceType, resourceName, configurationKeys: keys }];
    const { results } = await client.ask(describeConfigsApi, version, {
      resources,
      includeSynonyms: true,
      includeDocumentation: true,
    });
    return results[0]!;
  };

  it.each([2, 3, 4, 5, 6, 7])('CreateTopics version %i', async (version) => {
    const name = `made-${version}`;
    const { topics } = await create(version, name, [{ name: 'segment.bytes', value: '1048576' }]);
    expect(topics).toMatchObject([{ name, errorCode: 0, errorMessage: null }]);
    const topic = running.broker.controller.image.topics.get(name);
    expect(topic?.partitions).toHaveLength(2);
    if (version >= 5) {
      expect(topics[0]).toMatchObject({ numPartitions: 2, replicationFactor: 1 });
      expect(topics[0]?.configs).toContainEqual(
        expect.objectContaining({ name: 'segment.bytes', value: '1048576', configSource: 1 }),
      );
      expect(topics[0]?.configs).toContainEqual(
        expect.objectContaining({ name: 'retention.ms', value: '1234567', configSource: 4 }),
      );
    }
    if (version >= 7) expect(topics[0]?.topicId).toBe(topic?.id);
    const again = await create(version, name);
    expect(again.topics[0]).toMatchObject({
      errorCode: ErrorCode.TOPIC_ALREADY_EXISTS,
      errorMessage: expect.stringContaining(name) as string,
    });
  });

  it('validates without making', async () => {
    expect((await create(7, 'ghost', [], true)).topics[0]?.errorCode).toBe(0);
    expect(running.broker.controller.image.topics.has('ghost')).toBe(false);
    expect((await create(7, 'ghost', [{ name: 'no.such', value: '1' }], true)).topics[0]?.errorCode).toBe(
      ErrorCode.INVALID_CONFIG,
    );
  });

  it('DeleteTopics by name and by id takes the files along', async () => {
    const folders = (name: string): string[] =>
      readdirSync(running.directory).filter((entry) => entry.startsWith(`${name}-`));
    for (const [version, byId] of [
      [1, false],
      [5, false],
      [6, false],
      [6, true],
    ] as const) {
      const name = `gone-${version}${byId}`;
      await create(7, name);
      const id = running.broker.controller.image.topics.get(name)!.id;
      const topics = [byId ? { name: null, topicId: id } : { name, topicId: NO_ID }];
      const { responses } = await client.ask(deleteTopicsApi, version, {
        topics,
        topicNames: [name],
        timeoutMs: 1000,
      });
      expect(responses).toMatchObject([{ name, errorCode: 0 }]);
      expect(running.broker.controller.image.topics.has(name)).toBe(false);
      await until(() => folders(name).length === 0);
    }
    const unknown = await client.ask(deleteTopicsApi, 6, {
      topics: [
        { name: 'never', topicId: NO_ID },
        { name: null, topicId: '00000000-0000-4000-8000-000000000001' },
      ],
      topicNames: [],
      timeoutMs: 1000,
    });
    expect(unknown.responses.map(({ errorCode }) => errorCode)).toEqual([
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
      ErrorCode.UNKNOWN_TOPIC_ID,
    ]);
    expect(existsSync(running.directory)).toBe(true);
  });

  it.each([0, 1, 2, 3])('CreatePartitions version %i', async (version) => {
    const name = `grown-${version}`;
    await create(7, name);
    const ask = async (count: number, validateOnly: boolean): Promise<number | undefined> => {
      const topics = [{ name, count, assignments: null }];
      return (await client.ask(createPartitionsApi, version, { topics, timeoutMs: 1000, validateOnly }))
        .results[0]?.errorCode;
    };
    expect(await ask(4, true)).toBe(0);
    expect(await ask(4, false)).toBe(0);
    expect(running.broker.controller.image.topics.get(name)?.partitions).toHaveLength(4);
    expect(await ask(4, false)).toBe(ErrorCode.INVALID_PARTITIONS);
  });

  it.each([1, 2, 3, 4])('DescribeConfigs version %i', async (version) => {
    const name = `told-${version}`;
    await create(7, name, [{ name: 'cleanup.policy', value: 'compact' }]);
    const all = await describe_(version, 2, name);
    expect(all.configs.length).toBeGreaterThan(10);
    expect(await describe_(version, 2, name, [])).toEqual(all);
    const { configs } = await describe_(version, 2, name, ['cleanup.policy', 'no.such']);
    expect(configs).toMatchObject([
      {
        name: 'cleanup.policy',
        value: 'compact',
        readOnly: false,
        isSensitive: false,
        configSource: 1,
        synonyms: [
          { name: 'cleanup.policy', value: 'compact', source: 1 },
          { name: 'log.cleanup.policy', value: 'delete', source: 5 },
        ],
        configType: version >= 3 ? 7 : 0,
      },
    ]);
    expect(configs[0]?.documentation === null).toBe(version < 3);
    const broker = await describe_(version, 4, '1', ['log.retention.ms']);
    expect(broker.configs).toMatchObject([{ value: '1234567', readOnly: true, configSource: 4 }]);
  });

  it.each<[string, number, string, ErrorCode]>([
    ['an unknown topic', 2, 'never', ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
    ['an illegal topic', 2, 'a b', ErrorCode.INVALID_TOPIC_EXCEPTION],
    ['another broker', 4, '9', ErrorCode.INVALID_REQUEST],
    ['no broker', 4, 'x', ErrorCode.INVALID_REQUEST],
    ['a strange resource', 99, 'x', ErrorCode.INVALID_REQUEST],
  ])('DescribeConfigs of %s', async (_, type, name, error) => {
    const { errorCode, configs } = await describe_(4, type, name);
    expect({ errorCode, configs }).toEqual({ errorCode: error, configs: [] });
  });

  it.each([0, 1])('IncrementalAlterConfigs version %i changes single values', async (version) => {
    const name = `altered-${version}`;
    await create(7, name, [{ name: 'retention.ms', value: '5' }]);
    const alter = async (
      op: number,
      config: string,
      value: string | null,
      validateOnly = false,
    ): Promise<number | undefined> => {
      const configs = [{ name: config, configOperation: op, value }];
      const resources = [{ resourceType: 2, resourceName: name, configs }];
      return (await client.ask(incrementalAlterConfigsApi, version, { resources, validateOnly })).responses[0]
        ?.errorCode;
    };
    const overrides = (): unknown => running.broker.controller.image.topics.get(name)?.configs;
    expect(await alter(0, 'segment.bytes', '1048576', true)).toBe(0);
    expect(overrides()).toEqual({ 'retention.ms': '5' });
    expect(await alter(0, 'segment.bytes', '1048576')).toBe(0);
    expect(await alter(2, 'cleanup.policy', 'compact')).toBe(0);
    expect(await alter(1, 'retention.ms', null)).toBe(0);
    expect(overrides()).toEqual({ 'segment.bytes': '1048576', 'cleanup.policy': 'delete,compact' });
    expect(await alter(3, 'cleanup.policy', 'delete')).toBe(0);
    expect(overrides()).toEqual({ 'segment.bytes': '1048576', 'cleanup.policy': 'compact' });
    expect(await alter(9, 'segment.bytes', '1')).toBe(ErrorCode.INVALID_REQUEST);
    expect(await alter(0, 'segment.bytes', 'many')).toBe(ErrorCode.INVALID_CONFIG);
  });

  it('AlterConfigs replaces them all; brokers and repeated resources are refused beside it', async () => {
    await create(7, 'replaced', [{ name: 'retention.ms', value: '5' }]);
    const topic = {
      resourceType: 2,
      resourceName: 'replaced',
      configs: [{ name: 'segment.ms', value: '9000' }],
    };
    const broker = { resourceType: 4, resourceName: '1', configs: [] };
    const twice = { resourceType: 2, resourceName: 'made-7', configs: [] };
    const unknown = { resourceType: 2, resourceName: 'never', configs: [] };
    for (const version of [0, 1, 2]) {
      const resources = [broker, topic, twice, twice, unknown];
      const { responses } = await client.ask(alterConfigsApi, version, { resources, validateOnly: false });
      expect(responses.map(({ resourceName, errorCode }) => [resourceName, errorCode])).toEqual([
        ['1', ErrorCode.INVALID_REQUEST],
        ['replaced', 0],
        ['made-7', ErrorCode.INVALID_REQUEST],
        ['made-7', ErrorCode.INVALID_REQUEST],
        ['never', ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
      ]);
    }
    expect(running.broker.controller.image.topics.get('replaced')?.configs).toEqual({ 'segment.ms': '9000' });
  });

  it('deletion can be switched off', async () => {
    const other = await RunningBroker.start({ TIDEMARK_KAFKA_DELETE_TOPIC_ENABLE: 'false' });
    try {
      const by = await other.connect();
      await by.createTopic('kept');
      for (const version of [1, 3, 6]) {
        const request = { topics: [{ name: 'kept', topicId: NO_ID }], topicNames: ['kept'], timeoutMs: 1 };
        const { responses } = await by.ask(deleteTopicsApi, version, request);
        const error = version >= 3 ? ErrorCode.TOPIC_DELETION_DISABLED : ErrorCode.INVALID_REQUEST;
        expect(responses[0]?.errorCode).toBe(error);
      }
      expect(other.broker.controller.image.topics.has('kept')).toBe(true);
    } finally {
      await other.stop();
    }
  });
});

/** ListConfigResources on the wire of a running broker, and that no API is left without a handler. */
import {
  ErrorCode,
  APIS,
  advertise,
  apiVersionsApi,
  describeConfigsApi,
  listConfigResourcesApi,
} from '@tidemark/wire';
import type { RawClient } from '../testing/raw-client.js';
import { RunningBroker } from '../testing/running-broker.js';

const [TOPIC, BROKER_LOGGER, BROKER, CLIENT_METRICS, GROUP] = [2, 8, 4, 16, 32];

describe('what can be asked for', () => {
  let running: RunningBroker;
  let client: RawClient;
  beforeAll(async () => {
    running = await RunningBroker.start();
    client = await running.connect();
    await client.createTopic('t');
    await client.createTopic('u');
  });
  afterAll(() => running.stop());

  it.each<[string, number, number[], [string, number][]]>([
    ['client metrics by version 0', 0, [], []],
    [
      'everything',
      1,
      [],
      [
        ['t', TOPIC],
        ['u', TOPIC],
        ['1', BROKER],
      ],
    ],
    [
      'topics',
      1,
      [TOPIC],
      [
        ['t', TOPIC],
        ['u', TOPIC],
      ],
    ],
    ['brokers, twice', 1, [BROKER, BROKER], [['1', BROKER]]],
    ['what there is none of', 1, [BROKER_LOGGER, CLIENT_METRICS, GROUP], []],
  ])('lists %s', async (_, version, resourceTypes, expected) => {
    const { errorCode, configResources } = await client.ask(listConfigResourcesApi, version, {
      resourceTypes,
    });
    expect(errorCode).toBe(ErrorCode.NONE);
    expect(configResources.map(({ resourceName, resourceType }) => [resourceName, resourceType])).toEqual(
      expected,
    );
    const resources = configResources.map((resource) => ({ ...resource, configurationKeys: null }));
    const asked = { resources, includeSynonyms: false, includeDocumentation: false };
    const { results } = await client.ask(describeConfigsApi, 4, asked);
    expect(results.every(({ configs }) => configs.length > 10)).toBe(true);
  });

  it('refuses types that nobody knows', async () => {
    const answer = await client.ask(listConfigResourcesApi, 1, { resourceTypes: [TOPIC, 3] });
    expect(answer).toMatchObject({ errorCode: ErrorCode.UNSUPPORTED_VERSION, configResources: [] });
  });

  it('is told by ApiVersions, as is every other API that clients may ask', async () => {
    const { apiKeys } = await client.ask(apiVersionsApi, 0, {});
    const served = new Set(apiKeys.map(({ apiKey }) => apiKey));
    expect(served).toContain(listConfigResourcesApi.key);
    expect(apiKeys).toEqual(advertise(APIS).filter(({ apiKey }) => served.has(apiKey)));
  });
});

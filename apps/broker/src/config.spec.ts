/** The environment as the broker reads it: names, units, precedence, and every fault in one report. */
import { TOPIC_CONFIGS, logConfigOf, topicConfigDefinition } from '@tidemark/log';
import { BROKER_CONFIGS, TOPIC_FALLBACKS } from './config-table.js';
import { readConfig, variableOf, type BrokerConfig, type Environment } from './config.js';
import { brokerSettings, topicConfigFault, topicLogConfig, topicSettings } from './settings.js';

const NEEDED = { TIDEMARK_CLUSTER_ID: 'c1', TIDEMARK_DATA: '/data' };

function configOf(environment: Environment): BrokerConfig {
  const read = readConfig({ ...NEEDED, ...environment });
  if ('faults' in read) throw new Error(read.faults.join('; '));
  return read.config;
}

describe('broker configuration', () => {
  it('has a valid default for every setting', () => {
    expect(brokerSettings(new Map()).faults).toEqual([]);
  });

  it('takes the address from the environment, and advertises it unless told otherwise', () => {
    const config = configOf({ TIDEMARK_LISTEN: '0.0.0.0:9099', TIDEMARK_NODE_ID: '3' });
    expect(config).toMatchObject({ name: 'broker-3', nodeId: 3, listen: { host: '0.0.0.0', port: 9099 } });
    expect(config.advertised).toEqual({ host: '0.0.0.0', port: 9099 });
    expect(configOf({ TIDEMARK_ADVERTISED: 'broker.example:1' }).advertised.host).toBe('broker.example');
    expect(configOf({ TIDEMARK_LISTEN: '[::1]:0' }).listen).toEqual({ host: '::1', port: 0 });
  });

  it("takes Kafka's settings by their names", () => {
    const config = configOf({
      [variableOf('log.segment.bytes')]: '1048576',
      [variableOf('auto.create.topics.exclude')]: 'tidemark., internal.',
      TIDEMARK_KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'FALSE',
    });
    expect(config.settings['log.segment.bytes']).toBe(1048576);
    expect(config.settings['auto.create.topics.exclude']).toEqual(['tidemark.', 'internal.']);
    expect(config.settings['auto.create.topics.enable']).toBe(false);
    expect(config.configured.get('log.segment.bytes')).toBe('1048576');
  });

  it("knows Kafka's other units, and lets the finest win", () => {
    const hours = { [`TIDEMARK_KAFKA_LOG_RETENTION_HOURS`]: '2', TIDEMARK_KAFKA_LOG_RETENTION_MINUTES: '1' };
    expect(configOf({ TIDEMARK_KAFKA_LOG_RETENTION_HOURS: '2' }).settings['log.retention.ms']).toBe(
      7_200_000,
    );
    expect(configOf({ TIDEMARK_KAFKA_LOG_RETENTION_HOURS: '-1' }).settings['log.retention.ms']).toBe(-1);
    expect(configOf(hours).settings['log.retention.ms']).toBe(60_000);
    const both = configOf({ ...hours, TIDEMARK_KAFKA_LOG_RETENTION_MS: '77' });
    expect(both.settings['log.retention.ms']).toBe(77);
  });

  it('reports all faults together', () => {
    const read = readConfig({
      TIDEMARK_CLUSTER_ID: 'no spaces',
      TIDEMARK_LISTEN: 'nowhere',
      TIDEMARK_NODE_ID: '-1',
      TIDEMARK_LOG_LEVEL: 'loud',
      TIDEMARK_KAFKA_LOG_SEGMENT_BYTES: 'big',
      TIDEMARK_KAFKA_NUM_PARTITIONS: '0',
      TIDEMARK_KAFKA_LOG_CLEANUP_POLICY: 'burn',
      TIDEMARK_KAFKA_NO_SUCH_THING: '1',
    });
    const faults = 'faults' in read ? read.faults.join('\n') : '';
    for (const part of [
      'TIDEMARK_CLUSTER_ID',
      'TIDEMARK_DATA',
      'TIDEMARK_LISTEN',
      'TIDEMARK_NODE_ID',
      'TIDEMARK_LOG_LEVEL',
      'log.segment.bytes',
      'num.partitions',
      'log.cleanup.policy',
      'no.such.thing',
    ]) {
      expect(faults).toContain(part);
    }
  });
});

describe('topic configuration', () => {
  const { settings } = brokerSettings(new Map([['log.retention.ms', '5000']]));

  it('falls back to the broker', () => {
    expect(topicSettings({}, settings)['retention.ms']).toBe(5000);
    expect(topicSettings({ 'retention.ms': '7' }, settings)['retention.ms']).toBe(7);
    expect(topicSettings({ 'retention.ms': 'rubbish' }, settings)['retention.ms']).toBe(5000);
    expect(topicLogConfig({ 'flush.messages': '1' }, settings)).toMatchObject({
      retentionMs: 5000,
      flushMessages: 1,
    });
  });

  it.each([
    ['retention.ms', '-1', undefined],
    ['retention.ms', '-2', 'at least -1'],
    ['cleanup.policy', 'compact', undefined],
    ['cleanup.policy', 'x', 'must be of: delete, compact'],
    ['no.such', '1', 'Unknown topic config name: no.such'],
    ['toString', '1', 'Unknown topic config name'],
  ])('%s=%s', (name, value, fault) => {
    const found = topicConfigFault(name, value);
    if (fault === undefined) expect(found).toBeUndefined();
    else expect(found).toContain(fault);
  });

  it.each([...TOPIC_FALLBACKS])('%s and %s take the same values', (name, brokerName) => {
    const ofTopic = topicConfigDefinition(name);
    expect(BROKER_CONFIGS.get(brokerName)).toEqual({ ...ofTopic, name: brokerName });
    const variable = variableOf(brokerName);
    for (const text of ['', '-2', '-1', '0', '1', '4', '2147483648', '1.5', 'true', 'x', 'compact,delete']) {
      const ofBroker = readConfig({ ...NEEDED, [variable]: text });
      expect([text, 'faults' in ofBroker]).toEqual([text, topicConfigFault(name, text) !== undefined]);
    }
  });

  it('is that of a log where nobody has said anything', () => {
    const { settings: initial } = brokerSettings(new Map());
    expect(topicLogConfig({}, initial)).toEqual(logConfigOf());
    expect(TOPIC_CONFIGS.length).toBeGreaterThan(TOPIC_FALLBACKS.size);
  });
});

/** The table of topic configurations: names, defaults, bounds, and all faults at once. */
import { logConfigOf, topicConfigDefinition, validateTopicConfigs } from './log-config.js';
import { parseConfig } from './config-definition.js';
import { TOPIC_CONFIGS } from './topic-configs.js';

describe('topic configurations', () => {
  it('have each a name of its own, a default that is valid, and words for people', () => {
    expect(new Set(TOPIC_CONFIGS.map(({ name }) => name)).size).toBe(TOPIC_CONFIGS.length);
    for (const definition of TOPIC_CONFIGS) {
      expect(parseConfig(definition, definition.defaultText)).toHaveProperty('value');
      expect(definition.documentation).toMatch(/\.$/);
    }
  });

  it.each([
    ['retention.ms', '-1', true],
    ['retention.ms', '-2', false],
    ['retention.ms', 'soon', false],
    ['segment.bytes', '2147483648', false],
    ['segment.bytes', '13', false],
    ['flush.messages', '9223372036854775807', true],
    ['flush.messages', '0', false],
    ['cleanup.policy', 'compact,delete', true],
    ['cleanup.policy', 'shred', false],
    ['compression.type', 'zstd', true],
    ['compression.type', 'none', false],
    ['min.cleanable.dirty.ratio', '0.25', true],
    ['min.cleanable.dirty.ratio', '1.5', false],
    ['preallocate', 'TRUE', true],
    ['preallocate', 'yes', false],
    ['message.timestamp.type', 'LogAppendTime', true],
    ['no.such.thing', '1', false],
  ])('%s=%s is allowed: %s', (name, text, allowed) => {
    expect(validateTopicConfigs({ [name]: text })).toHaveLength(allowed ? 0 : 1);
  });

  it('name all faults at once', () => {
    expect(validateTopicConfigs({ 'retention.ms': 'x', 'segment.bytes': '-1', wrong: '1' })).toHaveLength(3);
  });

  it('become settings, each from its text or its default', () => {
    expect(logConfigOf()).toMatchObject({
      segmentBytes: 2 ** 30,
      retentionMs: 604_800_000,
      deletes: true,
      compacts: false,
    });
    const texts = {
      'cleanup.policy': 'compact',
      'message.timestamp.type': 'LogAppendTime',
      'retention.ms': 'damaged',
    };
    expect(logConfigOf(texts)).toMatchObject({
      compacts: true,
      deletes: false,
      logAppendTime: true,
      retentionMs: 604_800_000,
    });
    expect(topicConfigDefinition('retention.ms')?.brokerNames?.map(({ name }) => name)).toEqual([
      'log.retention.ms',
      'log.retention.minutes',
      'log.retention.hours',
    ]);
  });
});

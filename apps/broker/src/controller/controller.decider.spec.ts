/**
 * The controller's decisions, given, when and then: topics, partitions, configurations, brokers, producer ids, and
 * the fold of all of it.
 */
import { fold, given } from '@tidemark/decider';
import { ErrorCode } from '@tidemark/wire';
import { controllerDecider } from './controller.decider.js';
import type { ControllerCommand, CreateTopics } from './controller-commands.js';
import type { ControllerEvent } from './controller-events.js';
import type { NewTopic, TopicResult } from './topics/create-topics.js';

const decider = controllerDecider('cluster', {
  partitions: 2,
  replicationFactor: 1,
  minInsyncReplicas: 1,
  uncleanElection: false,
});

const broker = (brokerId: number, incarnationId = `incarnation-${brokerId}`): ControllerEvent => {
  return {
    type: 'BrokerRegistered',
    brokerId,
    incarnationId,
    host: 'h',
    port: 9000 + brokerId,
    rack: null,
    fenced: false,
    directoryId: '',
  };
};
const id = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const topicCreated = (name: string, n = 1): ControllerEvent => ({
  type: 'TopicCreated',
  topicId: id(n),
  name,
});
const partition = (n: number, index: number, replicas: number[]): ControllerEvent => ({
  type: 'PartitionCreated',
  topicId: id(n),
  partition: index,
  replicas,
  isr: replicas,
  leader: replicas[0]!,
  leaderEpoch: 0,
  partitionEpoch: 0,
});
const newTopic = (name: string, rest: Partial<NewTopic> = {}): NewTopic => {
  return { name, topicId: id(7), partitions: 1, replicationFactor: 1, assignments: [], configs: [], ...rest };
};
const create = (...topics: NewTopic[]): CreateTopics => ({
  type: 'CreateTopics',
  topics,
  validateOnly: false,
});

const errorsOf = (events: ControllerEvent[], command: ControllerCommand): ErrorCode[] => {
  const decision = decider.decide(fold(decider, events), command);
  if (!('reply' in decision)) throw new Error('rejected');
  return (decision.reply as TopicResult[]).map(({ error }) => error);
};

describe('CreateTopics', () => {
  it('makes the topic, its configuration and its partitions in one decision', () => {
    given(decider, [broker(1)])
      .when(create(newTopic('t', { partitions: 2, configs: [{ name: 'retention.ms', value: '5000' }] })))
      .then(
        [
          topicCreated('t', 7),
          { type: 'ConfigChanged', topic: 't', name: 'retention.ms', value: '5000' },
          partition(7, 0, [1]),
          partition(7, 1, [1]),
        ],
        [
          {
            name: 't',
            topicId: id(7),
            error: ErrorCode.NONE,
            message: null,
            partitions: 2,
            replicationFactor: 1,
            configs: { 'retention.ms': '5000' },
          },
        ],
      )
      .thenState((state) => [...state.topics.keys()], ['t']);
  });

  it('takes defaults for -1 and spreads leaders beginning at the least loaded broker', () => {
    given(decider, [broker(1), broker(2), topicCreated('a'), partition(1, 0, [1])])
      .when(create(newTopic('t', { partitions: -1, replicationFactor: -1 })))
      .then([topicCreated('t', 7), partition(7, 0, [2]), partition(7, 1, [1])]);
  });

  it('follows a manual assignment', () => {
    const assignments = [
      { partition: 1, brokerIds: [1, 2] },
      { partition: 0, brokerIds: [2, 1] },
    ];
    given(decider, [broker(1), broker(2)])
      .when(create(newTopic('t', { partitions: -1, replicationFactor: -1, assignments })))
      .then([topicCreated('t', 7), partition(7, 0, [2, 1]), partition(7, 1, [1, 2])]);
  });

  it('validates only when told to', () => {
    given(decider, [broker(1)])
      .when({ ...create(newTopic('t')), validateOnly: true })
      .then([]);
  });

  const manual = (...lists: number[][]): Partial<NewTopic> => ({
    partitions: -1,
    replicationFactor: -1,
    assignments: lists.map((brokerIds, index) => ({ partition: index, brokerIds })),
  });
  it.each<[string, NewTopic[], ErrorCode[]]>([
    ['an existing name', [newTopic('a.b')], [ErrorCode.TOPIC_ALREADY_EXISTS]],
    ['a colliding name', [newTopic('a_b')], [ErrorCode.INVALID_TOPIC_EXCEPTION]],
    [
      'names colliding in one request',
      [newTopic('x.y'), newTopic('x_y')],
      [0, ErrorCode.INVALID_TOPIC_EXCEPTION],
    ],
    ['an empty name', [newTopic('')], [ErrorCode.INVALID_TOPIC_EXCEPTION]],
    ['a dot', [newTopic('.')], [ErrorCode.INVALID_TOPIC_EXCEPTION]],
    ['two dots', [newTopic('..')], [ErrorCode.INVALID_TOPIC_EXCEPTION]],
    ['a slash', [newTopic('../etc')], [ErrorCode.INVALID_TOPIC_EXCEPTION]],
    ['a control character', [newTopic('a\n')], [ErrorCode.INVALID_TOPIC_EXCEPTION]],
    ['a long name', [newTopic('x'.repeat(250))], [ErrorCode.INVALID_TOPIC_EXCEPTION]],
    ['the longest name', [newTopic('x'.repeat(249))], [ErrorCode.NONE]],
    ['the metadata topic', [newTopic('__cluster_metadata')], [ErrorCode.INVALID_TOPIC_EXCEPTION]],
    ['no partitions', [newTopic('t', { partitions: 0 })], [ErrorCode.INVALID_PARTITIONS]],
    ['negative partitions', [newTopic('t', { partitions: -2 })], [ErrorCode.INVALID_PARTITIONS]],
    ['too many partitions', [newTopic('t', { partitions: 2 ** 31 - 1 })], [ErrorCode.POLICY_VIOLATION]],
    ['no replicas', [newTopic('t', { replicationFactor: 0 })], [ErrorCode.INVALID_REPLICATION_FACTOR]],
    [
      'more replicas than brokers',
      [newTopic('t', { replicationFactor: 3 })],
      [ErrorCode.INVALID_REPLICATION_FACTOR],
    ],
    [
      'an unknown config',
      [newTopic('t', { configs: [{ name: 'x', value: '1' }] })],
      [ErrorCode.INVALID_CONFIG],
    ],
    [
      'a null config',
      [newTopic('t', { configs: [{ name: 'retention.ms', value: null }] })],
      [ErrorCode.INVALID_CONFIG],
    ],
    [
      'a bad config',
      [newTopic('t', { configs: [{ name: 'retention.ms', value: 'x' }] })],
      [ErrorCode.INVALID_CONFIG],
    ],
    [
      'a name twice',
      [newTopic('t'), newTopic('u'), newTopic('t')],
      [ErrorCode.INVALID_REQUEST, ErrorCode.NONE],
    ],
    ['manual and counted', [newTopic('t', { ...manual([1]), partitions: 1 })], [ErrorCode.INVALID_REQUEST]],
    ['an unknown broker', [newTopic('t', manual([9]))], [ErrorCode.INVALID_REPLICA_ASSIGNMENT]],
    ['a broker twice', [newTopic('t', manual([1, 1]))], [ErrorCode.INVALID_REPLICA_ASSIGNMENT]],
    ['an empty list', [newTopic('t', manual([]))], [ErrorCode.INVALID_REPLICA_ASSIGNMENT]],
    ['uneven lists', [newTopic('t', manual([1, 2], [1]))], [ErrorCode.INVALID_REPLICA_ASSIGNMENT]],
    [
      'a gap',
      [newTopic('t', { ...manual(), assignments: [{ partition: 1, brokerIds: [1] }] })],
      [ErrorCode.INVALID_REPLICA_ASSIGNMENT],
    ],
  ])('answers %s', (_name, topics, errors) => {
    expect(errorsOf([broker(1), broker(2), topicCreated('a.b')], create(...topics))).toEqual(errors);
  });
});

describe('DeleteTopics', () => {
  const events = [broker(1), topicCreated('t'), partition(1, 0, [1]), topicCreated('__consumer_offsets', 2)];
  it('deletes by name and by id, and the name is free again', () => {
    for (const reference of [
      { name: 't', topicId: null },
      { name: null, topicId: id(1) },
    ]) {
      given(decider, events)
        .when({ type: 'DeleteTopics', topics: [reference] })
        .then([{ type: 'TopicDeleted', topicId: id(1) }])
        .thenState(
          (state) => [state.topics.has('t'), state.topicsById.has(id(1)), state.collisions.has('t')],
          [false, false, false],
        );
    }
  });

  it.each<[string, { name: string | null; topicId: string | null }[], ErrorCode[]]>([
    ['an unknown name', [{ name: 'x', topicId: null }], [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION]],
    ['an unknown id', [{ name: null, topicId: id(9) }], [ErrorCode.UNKNOWN_TOPIC_ID]],
    ['both', [{ name: 't', topicId: id(1) }], [ErrorCode.INVALID_REQUEST]],
    ['neither', [{ name: null, topicId: null }], [ErrorCode.INVALID_REQUEST]],
    [
      'an internal topic',
      [{ name: '__consumer_offsets', topicId: null }],
      [ErrorCode.INVALID_TOPIC_EXCEPTION],
    ],
    [
      'the same topic twice',
      [
        { name: 't', topicId: null },
        { name: null, topicId: id(1) },
      ],
      [ErrorCode.NONE, ErrorCode.INVALID_REQUEST],
    ],
  ])('answers %s', (_name, topics, errors) => {
    expect(errorsOf(events, { type: 'DeleteTopics', topics })).toEqual(errors);
  });
});

describe('CreatePartitions', () => {
  const events = [broker(1), broker(2), topicCreated('t'), partition(1, 0, [1])];
  const ask = (name: string, count: number, assignments: number[][] | null = null): ControllerCommand => {
    return { type: 'CreatePartitions', topics: [{ name, count, assignments }], validateOnly: false };
  };
  it('adds partitions on the less loaded broker, or as told', () => {
    given(decider, events)
      .when(ask('t', 2))
      .then([partition(1, 1, [2])]);
    given(decider, events)
      .when(ask('t', 2, [[1]]))
      .then([partition(1, 1, [1])]);
  });
  it.each<[string, ControllerCommand, ErrorCode[]]>([
    ['an unknown topic', ask('x', 2), [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION]],
    ['the count it has', ask('t', 1), [ErrorCode.INVALID_PARTITIONS]],
    ['fewer', ask('t', 0), [ErrorCode.INVALID_PARTITIONS]],
    ['absurdly many', ask('t', 2 ** 31 - 1), [ErrorCode.INVALID_PARTITIONS]],
    ['too few lists', ask('t', 3, [[1]]), [ErrorCode.INVALID_REPLICA_ASSIGNMENT]],
    ['another replication factor', ask('t', 2, [[1, 2]]), [ErrorCode.INVALID_REPLICA_ASSIGNMENT]],
    ['an unknown broker', ask('t', 2, [[5]]), [ErrorCode.INVALID_REPLICA_ASSIGNMENT]],
  ])('answers %s', (_name, command, errors) => {
    expect(errorsOf(events, command)).toEqual(errors);
  });
});

describe('AlterConfigs', () => {
  const events: ControllerEvent[] = [
    topicCreated('t'),
    { type: 'ConfigChanged', topic: 't', name: 'retention.ms', value: '5000' },
  ];
  const alter = (
    operations: { name: string; operation: 'set' | 'delete' | 'append' | 'subtract'; value: string | null }[],
    replaceAll = false,
  ): ControllerCommand => {
    return { type: 'AlterConfigs', changes: [{ topic: 't', operations, replaceAll }], validateOnly: false };
  };
  const set = (name: string, value: string): { name: string; operation: 'set'; value: string } => {
    return { name, operation: 'set', value };
  };
  const changed = (name: string, value: string | null): ControllerEvent => {
    return { type: 'ConfigChanged', topic: 't', name, value };
  };
  it.each<[string, ControllerCommand, ControllerEvent[]]>([
    ['sets', alter([set('segment.bytes', '1048576')]), [changed('segment.bytes', '1048576')]],
    ['leaves what is so', alter([set('retention.ms', '5000')]), []],
    [
      'deletes',
      alter([{ name: 'retention.ms', operation: 'delete', value: null }]),
      [changed('retention.ms', null)],
    ],
    [
      'appends to a list',
      alter([{ name: 'cleanup.policy', operation: 'append', value: 'compact' }]),
      [changed('cleanup.policy', 'delete,compact')],
    ],
    [
      'replaces all',
      alter([set('segment.ms', '9000')], true),
      [changed('retention.ms', null), changed('segment.ms', '9000')],
    ],
  ])('%s', (_name, command, expected) => {
    given(decider, events)
      .when(command)
      .then(expected, [{ error: ErrorCode.NONE, message: null }]);
  });
  it.each<[string, ControllerCommand, ErrorCode]>([
    ['an unknown name', alter([set('x', '1')]), ErrorCode.INVALID_CONFIG],
    [
      'an unknown name to delete',
      alter([{ name: 'x', operation: 'delete', value: null }]),
      ErrorCode.INVALID_CONFIG,
    ],
    ['a bad value', alter([set('retention.ms', '-7')]), ErrorCode.INVALID_CONFIG],
    ['no value', alter([{ name: 'retention.ms', operation: 'set', value: null }]), ErrorCode.INVALID_CONFIG],
    [
      'a number to append to',
      alter([{ name: 'retention.ms', operation: 'append', value: '1' }]),
      ErrorCode.INVALID_CONFIG,
    ],
    ['a name twice', alter([set('retention.ms', '1'), set('retention.ms', '2')]), ErrorCode.INVALID_REQUEST],
  ])('refuses %s', (_name, command, error) => {
    expect(errorsOf(events, command)).toEqual([error]);
    given(decider, events).when(command).then([]);
  });
});

describe('producer ids', () => {
  it('never hands out the same producer id twice', () => {
    given(decider, [{ type: 'ProducerIdBlockAllocated', brokerId: 2, nextProducerId: 1000 }])
      .when({ type: 'AllocateProducerIds', brokerId: 1 })
      .then([{ type: 'ProducerIdBlockAllocated', brokerId: 1, nextProducerId: 2000 }], {
        firstProducerId: 1000,
        count: 1000,
      });
  });
});

describe('the fold', () => {
  it('is total: events about what is not there change nothing', () => {
    const state = fold(decider, [
      { type: 'TopicDeleted', topicId: id(1) },
      partition(1, 0, [1]),
      { type: 'ConfigChanged', topic: 'x', name: 'retention.ms', value: '1' },
      { type: 'PartitionChanged', topicId: id(1), partition: 0, leader: 1 },
      topicCreated('t'),
      topicCreated('t', 2),
      partition(1, 5, [1]),
    ]);
    expect([...state.topics.values()]).toEqual([
      { name: 't', id: id(1), internal: false, configs: {}, partitions: [] },
    ]);
    expect(state.position).toBe(7);
  });

  it('tells what changed since the last time', () => {
    const state = fold(decider, [broker(1), topicCreated('t'), topicCreated('u', 2)]);
    const names = (topics: readonly { name: string }[]): string[] => topics.map(({ name }) => name);
    const first = state.takeDelta();
    expect([names(first.createdTopics), first.brokersChanged]).toEqual([['t', 'u'], true]);
    for (const [index, event] of [
      partition(1, 0, [1]),
      { type: 'TopicDeleted', topicId: id(2) } as const,
      topicCreated('short-lived', 3),
      { type: 'TopicDeleted', topicId: id(3) } as const,
    ].entries()) {
      state.evolve(event, 3 + index);
    }
    const second = state.takeDelta();
    expect([names(second.createdTopics), names(second.changedTopics), names(second.deletedTopics)]).toEqual([
      [],
      ['t'],
      ['u'],
    ]);
    expect(second.brokersChanged).toBe(false);
  });
});

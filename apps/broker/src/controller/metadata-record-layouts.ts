/**
 * The layouts of Apache Kafka's metadata records, as far as there is an event for them, by the event's type. Written at
 * each record's `version`, read at every version since `oldest`. Fields that Kafka does not have carry high tags, which
 * its tools pass over. Data only; used by `metadata-records.ts`.
 */
import { Schema, fields } from '@tidemark/wire';
import type { FieldMap } from '@tidemark/wire';

const { arrayOf, bool, int16, int32, int64, int8, nullableArrayOf, nullableString, string, uint16, uuid } =
  fields;

/** First of the tags of Tidemark's own. */
const OWN_TAG = 10_000;
/** Of a leader in a change that leaves the leader as it is. */
export const NO_LEADER_CHANGE = -2;
/** Of a recovery state in a change that leaves it as it is. */
export const NO_RECOVERY_CHANGE = -1;

const brokerIds = arrayOf(int32());

function layout<const Id extends number, F extends FieldMap>(
  id: Id,
  name: string,
  { oldest, version }: { oldest: number; version: number },
  record: F,
): { readonly id: Id; readonly version: number; readonly schema: Schema<F> } {
  const versions = { min: oldest, max: version };
  return { id, version, schema: new Schema({ name, versions, flexibleFrom: 0 }, record) };
}

const FIRST = { oldest: 0, version: 0 };

export const LAYOUTS = {
  BrokerRegistered: layout(
    0,
    'RegisterBrokerRecord',
    { oldest: 1, version: 3 },
    {
      brokerId: int32(),
      isMigratingZkBroker: bool({ since: 2, default: false }),
      incarnationId: uuid(),
      brokerEpoch: int64(),
      endPoints: arrayOf({ name: string(), host: string(), port: uint16(), securityProtocol: int16() }),
      features: arrayOf({ name: string(), minSupportedVersion: int16(), maxSupportedVersion: int16() }),
      rack: nullableString(),
      fenced: bool(),
      inControlledShutdown: bool(),
      logDirs: arrayOf(uuid(), { since: 3, tag: 0 }),
      directorySince: int64({ since: 3, tag: OWN_TAG, default: -1 }),
    },
  ),
  BrokerFenced: layout(7, 'FenceBrokerRecord', FIRST, { id: int32(), epoch: int64() }),
  BrokerUnfenced: layout(8, 'UnfenceBrokerRecord', FIRST, { id: int32(), epoch: int64() }),
  BrokerShutdownBegan: layout(
    17,
    'BrokerRegistrationChangeRecord',
    { oldest: 1, version: 1 },
    {
      brokerId: int32(),
      brokerEpoch: int64(),
      fenced: int8({ tag: 0, default: 0 }),
      inControlledShutdown: int8({ tag: 1, default: 0 }),
    },
  ),
  BrokerUnregistered: layout(1, 'UnregisterBrokerRecord', FIRST, { brokerId: int32(), brokerEpoch: int64() }),
  TopicCreated: layout(2, 'TopicRecord', FIRST, { name: string(), topicId: uuid() }),
  PartitionCreated: layout(
    3,
    'PartitionRecord',
    { oldest: 0, version: 2 },
    {
      partitionId: int32(),
      topicId: uuid(),
      replicas: brokerIds,
      isr: brokerIds,
      removingReplicas: brokerIds,
      addingReplicas: brokerIds,
      leader: int32(),
      leaderRecoveryState: int8({ tag: 0, default: 0 }),
      leaderEpoch: int32(),
      partitionEpoch: int32(),
      directories: arrayOf(uuid(), { since: 1 }),
      eligibleLeaderReplicas: nullableArrayOf(int32(), { since: 2, tag: 1 }),
      lastKnownElr: nullableArrayOf(int32(), { since: 2, tag: 2 }),
      replicaSince: arrayOf(int64(), { since: 2, tag: OWN_TAG }),
      wantedReplicas: nullableArrayOf(int32(), { since: 2, tag: OWN_TAG + 1 }),
    },
  ),
  PartitionChanged: layout(
    5,
    'PartitionChangeRecord',
    { oldest: 0, version: 2 },
    {
      partitionId: int32(),
      topicId: uuid(),
      isr: nullableArrayOf(int32(), { tag: 0 }),
      leader: int32({ tag: 1, default: NO_LEADER_CHANGE }),
      replicas: nullableArrayOf(int32(), { tag: 2 }),
      removingReplicas: nullableArrayOf(int32(), { tag: 3 }),
      addingReplicas: nullableArrayOf(int32(), { tag: 4 }),
      leaderRecoveryState: int8({ tag: 5, default: NO_RECOVERY_CHANGE }),
      eligibleLeaderReplicas: nullableArrayOf(int32(), { since: 2, tag: 6 }),
      lastKnownElr: nullableArrayOf(int32(), { since: 2, tag: 7 }),
      wantedReplicas: nullableArrayOf(int32(), { since: 2, tag: OWN_TAG }),
    },
  ),
  TopicDeleted: layout(9, 'RemoveTopicRecord', FIRST, { topicId: uuid() }),
  ConfigChanged: layout(4, 'ConfigRecord', FIRST, {
    resourceType: int8(),
    resourceName: string(),
    name: string(),
    value: nullableString(),
  }),
  ProducerIdBlockAllocated: layout(15, 'ProducerIdsRecord', FIRST, {
    brokerId: int32(),
    brokerEpoch: int64(),
    nextProducerId: int64(),
  }),
} as const;

/**
 * The table of messages: every API that can be read and written, by ascending key. Together with the handlers that a
 * broker has, this table is its ApiVersions answer (`advertise`), which leaves out what only brokers ask each other.
 */
import type { AnyApi, ApiFacts } from '../api.js';
import { produceApi } from './00-produce.js';
import { fetchApi } from './01-fetch.js';
import { listOffsetsApi } from './02-list-offsets.js';
import { metadataApi } from './03-metadata.js';
import { offsetCommitApi } from './08-offset-commit.js';
import { offsetFetchApi } from './09-offset-fetch.js';
import { findCoordinatorApi } from './10-find-coordinator.js';
import { joinGroupApi } from './11-join-group.js';
import { heartbeatApi } from './12-heartbeat.js';
import { leaveGroupApi } from './13-leave-group.js';
import { syncGroupApi } from './14-sync-group.js';
import { describeGroupsApi } from './15-describe-groups.js';
import { listGroupsApi } from './16-list-groups.js';
import { saslHandshakeApi } from './17-sasl-handshake.js';
import { apiVersionsApi } from './18-api-versions.js';
import { createTopicsApi } from './19-create-topics.js';
import { deleteTopicsApi } from './20-delete-topics.js';
import { deleteRecordsApi } from './21-delete-records.js';
import { initProducerIdApi } from './22-init-producer-id.js';
import { offsetForLeaderEpochApi } from './23-offset-for-leader-epoch.js';
import { describeConfigsApi } from './32-describe-configs.js';
import { alterConfigsApi } from './33-alter-configs.js';
import { describeLogDirsApi } from './35-describe-log-dirs.js';
import { createPartitionsApi } from './37-create-partitions.js';
import { deleteGroupsApi } from './42-delete-groups.js';
import { electLeadersApi } from './43-elect-leaders.js';
import { incrementalAlterConfigsApi } from './44-incremental-alter-configs.js';
import { alterPartitionReassignmentsApi } from './45-alter-partition-reassignments.js';
import { listPartitionReassignmentsApi } from './46-list-partition-reassignments.js';
import { offsetDeleteApi } from './47-offset-delete.js';
import { voteApi } from './52-vote.js';
import { beginQuorumEpochApi } from './53-begin-quorum-epoch.js';
import { endQuorumEpochApi } from './54-end-quorum-epoch.js';
import { describeQuorumApi } from './55-describe-quorum.js';
import { alterPartitionApi } from './56-alter-partition.js';
import { fetchSnapshotApi } from './59-fetch-snapshot.js';
import { describeClusterApi } from './60-describe-cluster.js';
import { brokerRegistrationApi } from './62-broker-registration.js';
import { brokerHeartbeatApi } from './63-broker-heartbeat.js';
import { unregisterBrokerApi } from './64-unregister-broker.js';
import { allocateProducerIdsApi } from './67-allocate-producer-ids.js';
import { listConfigResourcesApi } from './74-list-config-resources.js';
import { describeTopicPartitionsApi } from './75-describe-topic-partitions.js';
import { fencePartitionsApi } from './10001-fence-partitions.js';

export * from './00-produce.js';
export * from './01-fetch.js';
export * from './02-list-offsets.js';
export * from './03-metadata.js';
export * from './08-offset-commit.js';
export * from './09-offset-fetch.js';
export * from './10-find-coordinator.js';
export * from './11-join-group.js';
export * from './12-heartbeat.js';
export * from './13-leave-group.js';
export * from './14-sync-group.js';
export * from './15-describe-groups.js';
export * from './16-list-groups.js';
export * from './17-sasl-handshake.js';
export * from './18-api-versions.js';
export * from './19-create-topics.js';
export * from './20-delete-topics.js';
export * from './21-delete-records.js';
export * from './22-init-producer-id.js';
export * from './23-offset-for-leader-epoch.js';
export * from './32-describe-configs.js';
export * from './33-alter-configs.js';
export * from './35-describe-log-dirs.js';
export * from './37-create-partitions.js';
export * from './42-delete-groups.js';
export * from './43-elect-leaders.js';
export * from './44-incremental-alter-configs.js';
export * from './45-alter-partition-reassignments.js';
export * from './46-list-partition-reassignments.js';
export * from './47-offset-delete.js';
export * from './52-vote.js';
export * from './53-begin-quorum-epoch.js';
export * from './54-end-quorum-epoch.js';
export * from './55-describe-quorum.js';
export * from './56-alter-partition.js';
export * from './59-fetch-snapshot.js';
export * from './60-describe-cluster.js';
export * from './62-broker-registration.js';
export * from './63-broker-heartbeat.js';
export * from './64-unregister-broker.js';
export * from './67-allocate-producer-ids.js';
export * from './74-list-config-resources.js';
export * from './75-describe-topic-partitions.js';
export * from './10001-fence-partitions.js';

/** All APIs, by ascending key. */
export const APIS: readonly AnyApi[] = [
  produceApi,
  fetchApi,
  listOffsetsApi,
  metadataApi,
  offsetCommitApi,
  offsetFetchApi,
  findCoordinatorApi,
  joinGroupApi,
  heartbeatApi,
  leaveGroupApi,
  syncGroupApi,
  describeGroupsApi,
  listGroupsApi,
  saslHandshakeApi,
  apiVersionsApi,
  createTopicsApi,
  deleteTopicsApi,
  deleteRecordsApi,
  initProducerIdApi,
  offsetForLeaderEpochApi,
  describeConfigsApi,
  alterConfigsApi,
  describeLogDirsApi,
  createPartitionsApi,
  deleteGroupsApi,
  electLeadersApi,
  incrementalAlterConfigsApi,
  alterPartitionReassignmentsApi,
  listPartitionReassignmentsApi,
  offsetDeleteApi,
  voteApi,
  beginQuorumEpochApi,
  endQuorumEpochApi,
  describeQuorumApi,
  alterPartitionApi,
  fetchSnapshotApi,
  describeClusterApi,
  brokerRegistrationApi,
  brokerHeartbeatApi,
  unregisterBrokerApi,
  allocateProducerIdsApi,
  listConfigResourcesApi,
  describeTopicPartitionsApi,
  fencePartitionsApi,
];

const BY_KEY: ReadonlyMap<number, AnyApi> = new Map(APIS.map((api) => [api.key, api]));

/** The API of a key; undefined for keys that we do not speak. */
export function apiOf(key: number): AnyApi | undefined {
  return BY_KEY.get(key);
}

/** One row of an ApiVersions answer. */
export interface AdvertisedApi {
  readonly apiKey: number;
  readonly minVersion: number;
  readonly maxVersion: number;
}

/** What ApiVersions answers for those of the `served` APIs that clients may ask, by ascending key. */
export function advertise(served: readonly ApiFacts[]): AdvertisedApi[] {
  return served
    .filter(({ askedBy }) => askedBy === 'clients')
    .sort((one, other) => one.key - other.key)
    .map(({ key, advertised }) => ({
      apiKey: key,
      minVersion: advertised.min,
      maxVersion: advertised.max,
    }));
}

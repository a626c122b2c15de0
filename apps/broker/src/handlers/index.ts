/**
 * Which APIs this broker serves: the list that dispatch is made of and that ApiVersions tells.
 */
import { produceHandler } from './00-produce.js';
import { fetchHandler } from './01-fetch.js';
import { listOffsetsHandler } from './02-list-offsets.js';
import { metadataHandler } from './03-metadata.js';
import { offsetCommitHandler } from './08-offset-commit.js';
import { offsetFetchHandler } from './09-offset-fetch.js';
import { findCoordinatorHandler } from './10-find-coordinator.js';
import { joinGroupHandler } from './11-join-group.js';
import { heartbeatHandler } from './12-heartbeat.js';
import { leaveGroupHandler } from './13-leave-group.js';
import { syncGroupHandler } from './14-sync-group.js';
import { describeGroupsHandler } from './15-describe-groups.js';
import { listGroupsHandler } from './16-list-groups.js';
import { saslHandshakeHandler } from './17-sasl-handshake.js';
import { apiVersionsHandler } from './18-api-versions.js';
import { createTopicsHandler } from './19-create-topics.js';
import { deleteTopicsHandler } from './20-delete-topics.js';
import { deleteRecordsHandler } from './21-delete-records.js';
import { initProducerIdHandler } from './22-init-producer-id.js';
import { offsetForLeaderEpochHandler } from './23-offset-for-leader-epoch.js';
import { describeConfigsHandler } from './32-describe-configs.js';
import { alterConfigsHandler } from './33-alter-configs.js';
import { describeLogDirsHandler } from './35-describe-log-dirs.js';
import { createPartitionsHandler } from './37-create-partitions.js';
import { deleteGroupsHandler } from './42-delete-groups.js';
import { electLeadersHandler } from './43-elect-leaders.js';
import { incrementalAlterConfigsHandler } from './44-incremental-alter-configs.js';
import { alterPartitionReassignmentsHandler } from './45-alter-partition-reassignments.js';
import { listPartitionReassignmentsHandler } from './46-list-partition-reassignments.js';
import { offsetDeleteHandler } from './47-offset-delete.js';
import { alterPartitionHandler } from './56-alter-partition.js';
import { voteHandler } from './52-vote.js';
import { beginQuorumEpochHandler } from './53-begin-quorum-epoch.js';
import { endQuorumEpochHandler } from './54-end-quorum-epoch.js';
import { describeQuorumHandler } from './55-describe-quorum.js';
import { fetchSnapshotHandler } from './59-fetch-snapshot.js';
import { describeClusterHandler } from './60-describe-cluster.js';
import { brokerRegistrationHandler } from './62-broker-registration.js';
import { brokerHeartbeatHandler } from './63-broker-heartbeat.js';
import { unregisterBrokerHandler } from './64-unregister-broker.js';
import { allocateProducerIdsHandler } from './67-allocate-producer-ids.js';
import { listConfigResourcesHandler } from './74-list-config-resources.js';
import { describeTopicPartitionsHandler } from './75-describe-topic-partitions.js';
import { fencePartitionsHandler } from './10001-fence-partitions.js';
import type { BrokerContext, Handler, HandlerFactory } from './handler.js';

const FACTORIES: readonly HandlerFactory[] = [
  produceHandler,
  fetchHandler,
  listOffsetsHandler,
  metadataHandler,
  offsetCommitHandler,
  offsetFetchHandler,
  findCoordinatorHandler,
  joinGroupHandler,
  heartbeatHandler,
  leaveGroupHandler,
  syncGroupHandler,
  describeGroupsHandler,
  listGroupsHandler,
  saslHandshakeHandler,
  createTopicsHandler,
  deleteTopicsHandler,
  deleteRecordsHandler,
  initProducerIdHandler,
  offsetForLeaderEpochHandler,
  describeConfigsHandler,
  alterConfigsHandler,
  describeLogDirsHandler,
  createPartitionsHandler,
  deleteGroupsHandler,
  electLeadersHandler,
  incrementalAlterConfigsHandler,
  alterPartitionReassignmentsHandler,
  listPartitionReassignmentsHandler,
  offsetDeleteHandler,
  alterPartitionHandler,
  voteHandler,
  beginQuorumEpochHandler,
  endQuorumEpochHandler,
  describeQuorumHandler,
  fetchSnapshotHandler,
  describeClusterHandler,
  brokerRegistrationHandler,
  brokerHeartbeatHandler,
  unregisterBrokerHandler,
  allocateProducerIdsHandler,
  listConfigResourcesHandler,
  describeTopicPartitionsHandler,
  fencePartitionsHandler,
];

/** All handlers of one broker. */
export function handlersOf(broker: BrokerContext): readonly Handler[] {
  const handlers: Handler[] = FACTORIES.map((make) => make(broker));
  handlers.push(apiVersionsHandler(() => handlers.map(({ api }) => api))(broker));
  return handlers;
}

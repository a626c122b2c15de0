/**
 * Kafka's error codes as one table: name, number, whether a client may simply try again, and what it means in a few
 * words. The numbers are the protocol's and never change; the words are ours and reach people in answers and logs.
 * `ErrorCode.NAME` is what code compares with; `errorOf` explains a number.
 */

interface ErrorRow {
  readonly code: number;
  readonly retriable: boolean;
  readonly meaning: string;
}

const retriable = <const C extends number>(code: C, meaning: string) => ({ code, retriable: true, meaning });
const final = <const C extends number>(code: C, meaning: string) => ({ code, retriable: false, meaning });

const ROWS = {
  UNKNOWN_SERVER_ERROR: final(-1, 'the broker failed in a way that it did not expect'),
  NONE: final(0, 'no error'),
  OFFSET_OUT_OF_RANGE: final(1, 'the offset lies before the start or beyond the end of the log'),
  CORRUPT_MESSAGE: retriable(2, 'the checksum or the size of a record batch is wrong'),
  UNKNOWN_TOPIC_OR_PARTITION: retriable(3, 'this broker does not have that topic or partition'),
  INVALID_FETCH_SIZE: final(4, 'the fetch size is not allowed'),
  LEADER_NOT_AVAILABLE: retriable(5, 'the partition has no leader at the moment'),
  NOT_LEADER_OR_FOLLOWER: retriable(6, 'this broker does not lead, or does not hold, the partition'),
  REQUEST_TIMED_OUT: retriable(7, 'the request was not done in its time'),
  BROKER_NOT_AVAILABLE: final(8, 'the broker is not available'),
  REPLICA_NOT_AVAILABLE: retriable(9, 'the replica is not available'),
  MESSAGE_TOO_LARGE: final(10, 'the record batch is larger than the topic allows'),
  STALE_CONTROLLER_EPOCH: final(11, 'the controller has a newer epoch'),
  OFFSET_METADATA_TOO_LARGE: final(12, 'the metadata of the committed offset is too long'),
  NETWORK_EXCEPTION: retriable(13, 'the connection broke before an answer came'),
  COORDINATOR_LOAD_IN_PROGRESS: retriable(14, 'the coordinator is still reading its log'),
  COORDINATOR_NOT_AVAILABLE: retriable(15, 'there is no coordinator at the moment'),
  NOT_COORDINATOR: retriable(16, 'another broker is the coordinator'),
  INVALID_TOPIC_EXCEPTION: final(17, 'the topic name is not allowed'),
  RECORD_LIST_TOO_LARGE: final(18, 'the record batch is larger than a segment'),
  NOT_ENOUGH_REPLICAS: retriable(19, 'fewer replicas are in sync than the topic demands'),
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: retriable(20, 'written, but then too few replicas were in sync'),
  INVALID_REQUIRED_ACKS: final(21, 'acks is neither -1 nor 0 nor 1'),
  ILLEGAL_GENERATION: final(22, 'the group has another generation'),
  INCONSISTENT_GROUP_PROTOCOL: final(23, 'the member has no protocol in common with its group'),
  INVALID_GROUP_ID: final(24, 'the group id is not allowed'),
  UNKNOWN_MEMBER_ID: final(25, 'the group does not know this member'),
  INVALID_SESSION_TIMEOUT: final(26, 'the session timeout is outside of the allowed range'),
  REBALANCE_IN_PROGRESS: final(27, 'the group is rebalancing, so join it again'),
  INVALID_COMMIT_OFFSET_SIZE: final(28, 'the offset record is too large'),
  TOPIC_AUTHORIZATION_FAILED: final(29, 'not allowed on this topic'),
  GROUP_AUTHORIZATION_FAILED: final(30, 'not allowed on this group'),
  CLUSTER_AUTHORIZATION_FAILED: final(31, 'not allowed on the cluster'),
  INVALID_TIMESTAMP: final(32, 'a record has a timestamp that the topic does not take'),
  UNSUPPORTED_SASL_MECHANISM: final(33, 'the broker does not offer this SASL mechanism'),
  ILLEGAL_SASL_STATE: final(34, 'the request does not fit the state of authentication'),
  UNSUPPORTED_VERSION: final(35, 'the broker does not speak this version'),
  TOPIC_ALREADY_EXISTS: final(36, 'there is a topic of this name'),
  INVALID_PARTITIONS: final(37, 'the number of partitions is not allowed'),
  INVALID_REPLICATION_FACTOR: final(38, 'the replication factor is not possible with the brokers there are'),
  INVALID_REPLICA_ASSIGNMENT: final(39, 'the assignment of replicas is not possible'),
  INVALID_CONFIG: final(40, 'a configuration name or value is not allowed'),
  NOT_CONTROLLER: retriable(41, 'another broker is the controller'),
  INVALID_REQUEST: final(42, 'the request contradicts itself or the protocol'),
  UNSUPPORTED_FOR_MESSAGE_FORMAT: final(43, 'the record format is too old for this'),
  POLICY_VIOLATION: final(44, 'a policy of this cluster refuses it'),
  OUT_OF_ORDER_SEQUENCE_NUMBER: final(45, 'a sequence number is missing before this batch'),
  DUPLICATE_SEQUENCE_NUMBER: final(46, 'a batch with this sequence number was already written'),
  INVALID_PRODUCER_EPOCH: final(47, 'a newer producer has taken over this producer id'),
  INVALID_TXN_STATE: final(48, 'the transaction is not in a state that allows this'),
  INVALID_PRODUCER_ID_MAPPING: final(49, 'the producer id does not belong to this transactional id'),
  INVALID_TRANSACTION_TIMEOUT: final(50, 'the transaction timeout is longer than allowed'),
  CONCURRENT_TRANSACTIONS: retriable(51, 'the last transaction of this producer is still being ended'),
  TRANSACTION_COORDINATOR_FENCED: final(52, 'the transaction coordinator has been replaced'),
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: final(53, 'not allowed with this transactional id'),
  SECURITY_DISABLED: final(54, 'the cluster has no authorizer'),
  OPERATION_NOT_ATTEMPTED: final(55, 'not tried because another part of the request failed'),
  KAFKA_STORAGE_ERROR: retriable(56, 'the disk of this replica failed'),
  LOG_DIR_NOT_FOUND: final(57, 'the broker has no such log directory'),
  SASL_AUTHENTICATION_FAILED: final(58, 'the credentials were not accepted'),
  UNKNOWN_PRODUCER_ID: final(59, 'nothing is known of this producer id'),
  REASSIGNMENT_IN_PROGRESS: final(60, 'the partition is already being moved'),
  DELEGATION_TOKEN_AUTH_DISABLED: final(61, 'delegation tokens are turned off'),
  DELEGATION_TOKEN_NOT_FOUND: final(62, 'there is no such delegation token'),
  DELEGATION_TOKEN_OWNER_MISMATCH: final(63, 'the delegation token belongs to another'),
  DELEGATION_TOKEN_REQUEST_NOT_ALLOWED: final(64, 'delegation tokens cannot be asked for on this connection'),
  DELEGATION_TOKEN_AUTHORIZATION_FAILED: final(65, 'not allowed on this delegation token'),
  DELEGATION_TOKEN_EXPIRED: final(66, 'the delegation token has run out'),
  INVALID_PRINCIPAL_TYPE: final(67, 'the type of principal is not known'),
  NON_EMPTY_GROUP: final(68, 'the group still has members'),
  GROUP_ID_NOT_FOUND: final(69, 'there is no such group'),
  FETCH_SESSION_ID_NOT_FOUND: retriable(70, 'the fetch session is gone'),
  INVALID_FETCH_SESSION_EPOCH: retriable(71, 'the fetch session expected another epoch'),
  LISTENER_NOT_FOUND: retriable(72, 'the leader has no listener of this name'),
  TOPIC_DELETION_DISABLED: final(73, 'topics cannot be deleted in this cluster'),
  FENCED_LEADER_EPOCH: retriable(74, 'the leader epoch is older than the one of the broker'),
  UNKNOWN_LEADER_EPOCH: retriable(75, 'the leader epoch is newer than the one of the broker'),
  UNSUPPORTED_COMPRESSION_TYPE: final(76, 'this version cannot carry the compression type'),
  STALE_BROKER_EPOCH: final(77, 'the broker has been registered anew since'),
  OFFSET_NOT_AVAILABLE: retriable(78, 'a new leader does not know its high watermark yet'),
  MEMBER_ID_REQUIRED: final(79, 'join again with the member id that this answer carries'),
  PREFERRED_LEADER_NOT_AVAILABLE: retriable(80, 'the preferred leader is not alive or not in sync'),
  GROUP_MAX_SIZE_REACHED: final(81, 'the group is full'),
  FENCED_INSTANCE_ID: final(82, 'another member has taken over this static member'),
  ELIGIBLE_LEADERS_NOT_AVAILABLE: retriable(83, 'no replica may be elected'),
  ELECTION_NOT_NEEDED: retriable(84, 'the partition has the leader that it should have'),
  NO_REASSIGNMENT_IN_PROGRESS: final(85, 'the partition is not being moved'),
  GROUP_SUBSCRIBED_TO_TOPIC: final(86, 'a living member of the group is subscribed to the topic'),
  INVALID_RECORD: final(87, 'a record or its batch breaks the rules of the topic'),
  UNSTABLE_OFFSET_COMMIT: retriable(88, 'an open transaction is about to commit this offset'),
  THROTTLING_QUOTA_EXCEEDED: retriable(89, 'a quota is used up for now'),
  PRODUCER_FENCED: final(90, 'a newer producer has the same transactional id'),
  RESOURCE_NOT_FOUND: final(91, 'there is no such resource'),
  DUPLICATE_RESOURCE: final(92, 'the resource is there already'),
  UNACCEPTABLE_CREDENTIAL: final(93, 'the credential breaks the rules'),
  INCONSISTENT_VOTER_SET: final(94, 'the voters named are not the voters known'),
  INVALID_UPDATE_VERSION: final(95, 'the version to update is not the current one'),
  FEATURE_UPDATE_FAILED: final(96, 'the features could not be changed'),
  PRINCIPAL_DESERIALIZATION_FAILURE: final(97, 'the principal of a forwarded request cannot be read'),
  SNAPSHOT_NOT_FOUND: final(98, 'there is no such snapshot'),
  POSITION_OUT_OF_RANGE: final(99, 'the position lies outside of the snapshot'),
  UNKNOWN_TOPIC_ID: retriable(100, 'this broker knows no topic of this id'),
  DUPLICATE_BROKER_REGISTRATION: final(101, 'a living broker has this id'),
  BROKER_ID_NOT_REGISTERED: final(102, 'no broker is registered with this id'),
  INCONSISTENT_TOPIC_ID: retriable(103, 'the log belongs to another topic id'),
  INCONSISTENT_CLUSTER_ID: final(104, 'the request was meant for another cluster'),
  TRANSACTIONAL_ID_NOT_FOUND: final(105, 'there is no such transactional id'),
  FETCH_SESSION_TOPIC_ID_ERROR: retriable(
    106,
    'the session was made with names, the request has ids, or the reverse',
  ),
  INELIGIBLE_REPLICA: final(107, 'the replica may not be in sync now'),
  NEW_LEADER_ELECTED: final(108, 'the change made another broker the leader'),
  OFFSET_MOVED_TO_TIERED_STORAGE: final(109, 'the offset is no longer on this disk'),
  FENCED_MEMBER_EPOCH: final(110, 'the member epoch is not the current one'),
  UNRELEASED_INSTANCE_ID: final(111, 'another member still holds this static id'),
  UNSUPPORTED_ASSIGNOR: final(112, 'the group does not have this assignor'),
  STALE_MEMBER_EPOCH: final(113, 'the member must use its newest epoch'),
  MISMATCHED_ENDPOINT_TYPE: final(114, 'the request was sent to the wrong kind of endpoint'),
  UNSUPPORTED_ENDPOINT_TYPE: final(115, 'the kind of endpoint is not known'),
  UNKNOWN_CONTROLLER_ID: final(116, 'there is no controller of this id'),
  UNKNOWN_SUBSCRIPTION_ID: final(117, 'the metrics subscription has changed'),
  TELEMETRY_TOO_LARGE: final(118, 'the client sent more telemetry than allowed'),
  INVALID_REGISTRATION: final(119, 'the registration is not valid'),
  TRANSACTION_ABORTABLE: final(120, 'abort this transaction and begin another'),
  INVALID_RECORD_STATE: final(121, 'the record cannot be acknowledged in its state'),
  SHARE_SESSION_NOT_FOUND: retriable(122, 'the share session is gone'),
  INVALID_SHARE_SESSION_EPOCH: retriable(123, 'the share session expected another epoch'),
  FENCED_STATE_EPOCH: final(124, 'the state epoch is not the current one'),
  INVALID_VOTER_KEY: final(125, 'the voter key is not the one of the receiver'),
  DUPLICATE_VOTER: final(126, 'the voter is in the set already'),
  VOTER_NOT_FOUND: final(127, 'the voter is not in the set'),
  INVALID_REGULAR_EXPRESSION: final(128, 'the regular expression is not valid'),
  REBOOTSTRAP_REQUIRED: final(129, 'the client must find its cluster anew'),
} as const satisfies Readonly<Record<string, ErrorRow>>;

export type ErrorName = keyof typeof ROWS;

/** A code of the table. Codes read off the wire are plain numbers until `errorOf` has looked them up. */
export const ErrorCode = Object.fromEntries(Object.entries(ROWS).map(([name, row]) => [name, row.code])) as {
  readonly [Name in ErrorName]: (typeof ROWS)[Name]['code'];
};
export type ErrorCode = (typeof ErrorCode)[ErrorName];

export interface ErrorInfo extends ErrorRow {
  readonly name: ErrorName;
}

/** The whole table, by ascending code. */
export const ERRORS: readonly ErrorInfo[] = Object.entries(ROWS)
  .map(([name, row]) => ({ name: name as ErrorName, ...row }))
  .sort((a, b) => a.code - b.code);

const BY_CODE = new Map<number, ErrorInfo>(ERRORS.map((row) => [row.code, row]));

/** The row of a code; undefined for a code that is not in the table. */
export function errorOf(code: number): ErrorInfo | undefined {
  return BY_CODE.get(code);
}

/** The name of a code for people: `NOT_CONTROLLER`, or `ERROR_999` when it is not known. */
export function errorName(code: number): string {
  return BY_CODE.get(code)?.name ?? `ERROR_${code}`;
}

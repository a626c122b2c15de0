/**
 * What a client may do, as a bit field over Kafka's AclOperation codes. There is no authorizer, so everybody may do
 * everything that can be done with the kind of resource; and the field is only filled when it was asked for.
 */

/** Kafka's "not asked": the smallest int32. */
export const NOT_ASKED = -2147483648;

const OPERATIONS = {
  read: 3,
  write: 4,
  create: 5,
  delete: 6,
  alter: 7,
  describe: 8,
  clusterAction: 9,
  describeConfigs: 10,
  alterConfigs: 11,
  idempotentWrite: 12,
} as const;

const BY_RESOURCE = {
  topic: ['read', 'write', 'create', 'delete', 'alter', 'describe', 'describeConfigs', 'alterConfigs'],
  group: ['read', 'delete', 'describe'],
  cluster: [
    'create',
    'clusterAction',
    'describeConfigs',
    'alterConfigs',
    'idempotentWrite',
    'alter',
    'describe',
  ],
} as const satisfies Record<string, readonly (keyof typeof OPERATIONS)[]>;

export function allOperations(resource: keyof typeof BY_RESOURCE): number {
  return BY_RESOURCE[resource].reduce((bits, operation) => bits | (1 << OPERATIONS[operation]), 0);
}

/**
 * Who a replica is: its id *and* the directory that it runs on (KIP-853). A broker that comes back under its id with
 * another disk is another replica, because it has forgotten what it voted and what it acknowledged.
 */

export interface ReplicaKey {
  readonly id: number;
  /** 36 characters. */
  readonly directoryId: string;
}

export function sameReplica(one: ReplicaKey | undefined, other: ReplicaKey | undefined): boolean {
  return one?.id === other?.id && one?.directoryId === other?.directoryId;
}

export function isAmong(replicas: readonly ReplicaKey[], key: ReplicaKey): boolean {
  return replicas.some((replica) => sameReplica(replica, key));
}

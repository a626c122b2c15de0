/**
 * Gathers the evidence about one attempt from its files and from the process table, for the verdict table. Reads only.
 */
import type { FileEntry, ProcessIdentity } from '@tidemark/platform';
import { TransportError, type Transport } from '../launchers/transport.js';
import {
  exitRecord,
  JOB_FILE_NAMES,
  JOB_FILES,
  ownerRecord,
  parseRecord,
  RECORD_BYTES_MAX,
  startedRecord,
  type OwnerRecord,
} from './job-records.js';
import type { Evidence } from './verdict.js';

export interface Gathering {
  readonly transport: Transport;
  /** Milliseconds since 1970, by the clock door. */
  readonly now: number;
  /** This manager has started a wrapper for the token, and that process lives. */
  readonly startedHere: boolean;
  readonly leftovers: Evidence['leftovers'];
  readonly knownStarted: boolean;
}

const UNREACHABLE: Evidence = {
  reachable: false,
  knownStarted: false,
  claim: 'none',
  claimAgeMs: 0,
  wrapper: 'unseen',
  heartbeatAgeMs: Infinity,
  leftovers: 'unknown',
};

export async function gatherEvidence(token: string, gathering: Gathering): Promise<Evidence> {
  try {
    return await gather(token, gathering);
  } catch (error) {
    if (error instanceof TransportError) return UNREACHABLE;
    throw error;
  }
}

async function gather(token: string, gathering: Gathering): Promise<Evidence> {
  const { transport, now } = gathering;
  const path = (name: string): string => `${JOB_FILES}/${name}`;
  const readRecord = (name: string): Promise<Uint8Array | undefined> =>
    transport.read(token, path(name), 0, RECORD_BYTES_MAX);
  const folder = await transport.describe(token, JOB_FILES);
  // Liveness is looked at before the exit record is: a wrapper that ends in between has left its record by then.
  const claim = await transport.describe(token, path(JOB_FILE_NAMES.claim));
  const owner = parseRecord(ownerRecord, await readRecord(JOB_FILE_NAMES.owner));
  const started = parseRecord(startedRecord, await readRecord(JOB_FILE_NAMES.started));
  const heartbeat = await transport.describe(token, path(JOB_FILE_NAMES.heartbeat));
  const identity = started ?? (owner !== undefined && 'pid' in owner ? owner : undefined);
  const wrapper = await lookAtWrapper(identity, gathering);
  const exit = parseRecord(exitRecord, await readRecord(JOB_FILE_NAMES.exit));
  return {
    reachable: true,
    knownStarted: gathering.knownStarted,
    exit,
    started,
    claim: folder?.kind === 'directory' ? claimedBy(claim, owner, started !== undefined) : 'unreadable',
    claimAgeMs: claim === undefined ? 0 : Math.max(now - claim.modifiedAt, 0),
    wrapper,
    heartbeatAgeMs: heartbeat === undefined ? Infinity : Math.max(now - heartbeat.modifiedAt, 0),
    leftovers: gathering.leftovers,
  };
}

function claimedBy(
  claim: FileEntry | undefined,
  owner: OwnerRecord | undefined,
  hasStarted: boolean,
): Evidence['claim'] {
  if (claim === undefined) return 'none';
  if (owner === undefined) return hasStarted ? 'wrapper' : 'unnamed';
  return 'revokedBy' in owner ? 'revoked' : 'wrapper';
}

async function lookAtWrapper(
  identity: (ProcessIdentity & { readonly host: string }) | undefined,
  gathering: Gathering,
): Promise<Evidence['wrapper']> {
  if (identity === undefined) return gathering.startedHere ? 'starting' : 'gone';
  if (identity.host !== gathering.transport.host) return 'unseen';
  return (await gathering.transport.isAlive(identity)) ? 'alive' : 'gone';
}

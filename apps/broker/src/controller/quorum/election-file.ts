/**
 * `quorum-state` at the root of a data directory: what a voter must never forget (epoch, vote, leader), as JSON in the
 * layout of Kafka's `QuorumStateData`, version 1. Not in the log's own directory, because that is set aside as a whole
 * when the log is damaged, and a vote must outlive that.
 *
 * What must hold: it is on the disk before anything that rests on it is told; a file that cannot be read is an error,
 * never an empty state.
 */
import { LogError } from '@tidemark/log';
import { DiskError, readFully, writeFileAtomically, type Disk } from '@tidemark/platform';
import type { ElectionState } from '@tidemark/replication';
import { directoryUuid, storedDirectory } from '../brokers/directory-uuid.js';

const FILE = 'quorum-state';
const VERSION = 1;
const NOBODY = -1;
const NO_DIRECTORY = 'AAAAAAAAAAAAAAAAAAAAAA';

export interface ElectionStore {
  read(): ElectionState | undefined;
  /** On the disk when it returns. */
  write(election: ElectionState): void;
}

export function electionFile(disk: Disk, directory: string): ElectionStore {
  return {
    read: () => readElection(disk, directory),
    write: (election) => writeElection(disk, directory, election),
  };
}

/** Nothing when there is no such file. Throws `LogError('corrupt')`. */
export function readElection(disk: Disk, directory: string): ElectionState | undefined {
  const path = `${directory}/${FILE}`;
  let text: string;
  try {
    text = Buffer.from(readFully(disk, path)).toString('utf8');
  } catch (error) {
    if (error instanceof DiskError && error.code === 'not-found') return undefined;
    throw error;
  }
  const fields = parsed(text);
  const { data_version: version, leaderId, leaderEpoch, votedId, votedDirectoryId } = fields;
  const numbers = [leaderId, leaderEpoch, votedId].every((value) => Number.isSafeInteger(value));
  if (version !== VERSION || !numbers || typeof votedDirectoryId !== 'string' || Number(leaderEpoch) < 0) {
    throw new LogError('corrupt', `${path}: cannot be read, and without it this broker might vote twice`);
  }
  const voted = { id: Number(votedId), directoryId: directoryUuid(votedDirectoryId) };
  return {
    epoch: Number(leaderEpoch),
    leaderId: leaderId === NOBODY ? undefined : Number(leaderId),
    voted: votedId === NOBODY ? undefined : voted,
  };
}

/** On the disk when it returns. Throws `DiskError`. */
export function writeElection(
  disk: Disk,
  directory: string,
  { epoch, leaderId, voted }: ElectionState,
): void {
  const content = {
    leaderId: leaderId ?? NOBODY,
    leaderEpoch: epoch,
    votedId: voted?.id ?? NOBODY,
    votedDirectoryId: voted === undefined ? NO_DIRECTORY : storedDirectory(voted.directoryId),
    data_version: VERSION,
  };
  writeFileAtomically(disk, `${directory}/${FILE}`, Buffer.from(JSON.stringify(content)));
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

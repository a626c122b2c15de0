/**
 * The voters of the metadata quorum as they are configured, in the form of Kafka's `--initial-controllers`:
 * `id@host:port:directoryId`, separated by commas. Fixed when a cluster is formatted, the same at every broker. Pure;
 * used by `config.ts`.
 */
import type { ReplicaKey } from '@tidemark/replication';
import type { Address } from '@tidemark/platform';
import { directoryUuid } from '../brokers/directory-uuid.js';

export interface Voter extends ReplicaKey {
  /** Where its peers reach it: the address that it advertises. */
  readonly address: Address;
}

const VOTER = /^(\d{1,9})@(?:\[([0-9a-fA-F:.]+)\]|([^:@[\]\s]+)):(\d{1,5}):([^:@\s]+)$/;
const DIRECTORY_ID = /^(?:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[A-Za-z0-9_-]{22})$/;

/** A directory id in either form as 36 characters; nothing when it is none. */
export function directoryIdOf(text: string): string | undefined {
  return DIRECTORY_ID.test(text) ? directoryUuid(text) : undefined;
}

/** Faults are added to `faults`, all of them. */
export function parseVoters(text: string, variable: string, faults: string[]): readonly Voter[] {
  const voters: Voter[] = [];
  for (const part of text.split(',')) {
    const match = VOTER.exec(part.trim());
    const host = match?.[2] ?? match?.[3];
    const port = Number(match?.[4] ?? -1);
    const directoryId = directoryIdOf(match?.[5] ?? '');
    if (host === undefined || port < 1 || port > 65535 || directoryId === undefined) {
      faults.push(`${variable}: must be id@host:port:directoryId, separated by commas, not '${part.trim()}'`);
      continue;
    }
    voters.push({ id: Number(match?.[1]), directoryId, address: { host, port } });
  }
  const twice = (values: readonly (string | number)[]): string | number | undefined =>
    values.find((value, index) => values.indexOf(value) !== index);
  const id = twice(voters.map((voter) => voter.id));
  if (id !== undefined) faults.push(`${variable}: broker ${id} is named twice`);
  const directory = twice(voters.map(({ directoryId }) => directoryId));
  if (directory !== undefined) faults.push(`${variable}: two voters have the directory id ${directory}`);
  return voters;
}

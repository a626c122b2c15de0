/**
 * What a broker remembers of its last registration, in its data directory: the broker epoch, and on which boot of the
 * machine. With the clean-shutdown marker it tells at the next start whether anything written can be lost: a process
 * that was killed loses nothing while the machine's page cache lives. Written before the broker is unfenced.
 */
import { DiskError, readFully, writeFileAtomically, type Disk } from '@tidemark/platform';

export interface LastRegistration {
  readonly epoch: number;
  /** '' when it is not known. */
  readonly bootId: string;
}

const FILE = 'broker-registration';

/** Nothing when there is none, or it cannot be understood: as if something was lost. */
export function readLastRegistration(disk: Disk, directory: string): LastRegistration | undefined {
  let text: string;
  try {
    text = Buffer.from(readFully(disk, `${directory}/${FILE}`)).toString('utf8');
  } catch (error) {
    if (error instanceof DiskError && error.code === 'not-found') return undefined;
    throw error;
  }
  const match = /^broker\.epoch=(\d{1,16})\nboot\.id=([\x21-\x7e]*)\n$/.exec(text);
  return match === null ? undefined : { epoch: Number(match[1]), bootId: match[2] ?? '' };
}

/** Throws `DiskError`. */
export function writeLastRegistration(
  disk: Disk,
  directory: string,
  { epoch, bootId }: LastRegistration,
): void {
  const text = `broker.epoch=${epoch}\nboot.id=${bootId}\n`;
  writeFileAtomically(disk, `${directory}/${FILE}`, Buffer.from(text));
}

/** The epoch that the broker may claim: its last one when it has all that it had written, else -1. */
export function previousBrokerEpoch(
  last: LastRegistration | undefined,
  { cleanlyClosed, bootId }: { readonly cleanlyClosed: boolean; readonly bootId: string },
): number {
  if (last === undefined) return -1;
  const sameBoot = bootId !== '' && last.bootId === bootId;
  return cleanlyClosed || sameBoot ? last.epoch : -1;
}

/**
 * How the file descriptors that the system grants are shared out, so that connections never take those that logs need:
 * a broker that cannot open a file for its log would have to end. Pure; asked once, when the broker is made.
 */

export interface DescriptorShares {
  readonly connectionsMax: number;
  /** Undefined: as many as the logs would have by themselves. */
  readonly openFilesMax: number | undefined;
}

/** For what comes and goes: other brokers, checkpoints, directories, the administrative HTTP, compaction. */
const SPARE = 64;
const OPEN_FILES_MAX = 512;
const CONNECTIONS_MIN = 16;

/** `descriptorsMax` undefined: nobody knows, and the settings are taken as they are. */
export function shareDescriptors(
  descriptorsMax: number | undefined,
  connectionsMax: number,
): DescriptorShares {
  if (descriptorsMax === undefined) return { connectionsMax, openFilesMax: undefined };
  const openFilesMax = Math.min(OPEN_FILES_MAX, Math.max(1, Math.floor(descriptorsMax / 4)));
  const left = Math.max(CONNECTIONS_MIN, descriptorsMax - openFilesMax - SPARE);
  return { connectionsMax: Math.min(connectionsMax, left), openFilesMax };
}

/**
 * Partitions whose log turned out damaged: their directory is set aside, under another name and untouched, and an
 * empty log opened in its place is filled from a peer. Holds nothing; the names and one marker on disk say it all.
 * Called by `LogDirectory`.
 *
 * What must hold: from the moment a directory is set aside until the repair is over, `isRepairing` says so, also after a
 * crash at any point: an empty log must not be taken for a short but valid one.
 */
import { writeFileAtomically, type Disk } from '@tidemark/platform';
import { readTopicId, topicIdText } from './partition-metadata.js';

export interface AsidePartition {
  readonly topic: string;
  readonly partition: number;
  /** 36 characters. */
  readonly topicId: string;
}

const ASIDE_SUFFIX = '-aside';
const MARKER = '.repairing';
const NAME_BYTES_MAX = 255;
const UNIQUE_CHARACTERS = 32;

/** `unique`: 32 characters that no other aside has. Nothing to do when there is no directory. Throws DiskError. */
export function setDirectoryAside(disk: Disk, root: string, partition: AsidePartition, unique: string): void {
  const from = `${root}/${partition.topic}-${partition.partition}`;
  if (!disk.existsSync(from)) return;
  disk.renameSync(from, `${root}/${prefixOf(partition)}.${unique}${ASIDE_SUFFIX}`);
  disk.syncDirectorySync(root);
}

/** Names of what was set aside of the partition. */
export function asidesOf(disk: Disk, root: string, partition: AsidePartition): string[] {
  const prefix = `${prefixOf(partition)}.`;
  return disk.listSync(root).filter((name) => {
    const isOne =
      name.startsWith(prefix) &&
      name.endsWith(ASIDE_SUFFIX) &&
      name.length === prefix.length + UNIQUE_CHARACTERS + ASIDE_SUFFIX.length;
    return isOne && isOfTopic(disk, `${root}/${name}`, partition.topicId);
  });
}

/** Whether there is any, of whichever partition: asked once, so that a thousand partitions need not look each. */
export function hasAsides(disk: Disk, root: string): boolean {
  return disk.listSync(root).some((name) => name.endsWith(ASIDE_SUFFIX));
}

export function isRepairing(disk: Disk, root: string, partition: AsidePartition, asides = true): boolean {
  const marker = `${root}/${partition.topic}-${partition.partition}/${MARKER}`;
  return disk.existsSync(marker) || (asides && asidesOf(disk, root, partition).length > 0);
}

/** On disk when it returns; the directory is made where it is not there. Throws DiskError. */
export function markRepairing(disk: Disk, root: string, partition: AsidePartition): void {
  const directory = `${root}/${partition.topic}-${partition.partition}`;
  if (!disk.existsSync(directory)) {
    disk.makeDirectorySync(directory);
    const metadata = Buffer.from(topicIdText(partition.topicId));
    writeFileAtomically(disk, `${directory}/partition.metadata`, metadata);
    disk.syncDirectorySync(root);
  }
  writeFileAtomically(disk, `${directory}/${MARKER}`, new Uint8Array(0));
}

/** Gone from disk when it returns. Throws DiskError. */
export function unmarkRepairing(disk: Disk, root: string, partition: AsidePartition): void {
  const directory = `${root}/${partition.topic}-${partition.partition}`;
  if (!disk.existsSync(`${directory}/${MARKER}`)) return;
  disk.removeSync(`${directory}/${MARKER}`);
  disk.syncDirectorySync(directory);
}

/** Of what is about to be removed: one character longer. */
const LONGEST_SUFFIX = '-delete';

/** Cut where the whole would be too long for a name; then the topic id inside tells. */
function prefixOf({ topic, partition }: AsidePartition): string {
  const room = NAME_BYTES_MAX - UNIQUE_CHARACTERS - LONGEST_SUFFIX.length - 1 - `-${partition}`.length;
  return `${topic.slice(0, room)}-${partition}`;
}

/** One whose metadata cannot be read is as damaged as the rest of it, and is this topic's by its name. */
function isOfTopic(disk: Disk, directory: string, topicId: string): boolean {
  try {
    return (readTopicId(disk, directory) ?? topicId) === topicId;
  } catch {
    return true;
  }
}

/**
 * Which partition of `__consumer_offsets` a group belongs to: Java's `String.hashCode` without its sign, modulo the
 * number of partitions, because clients and tools compute it too.
 */
export function groupPartition(groupId: string, partitions: number): number {
  let hash = 0;
  for (let index = 0; index < groupId.length; index++)
    hash = (Math.imul(31, hash) + groupId.charCodeAt(index)) | 0;
  return (hash & 0x7fffffff) % partitions;
}

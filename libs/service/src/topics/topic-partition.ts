/**
 * The other direction of `partitionKey` of `@tidemark/contracts`: the topic and the partition that a key names.
 */
export function splitPartitionKey(key: string): { readonly topic: string; readonly partition: number } {
  const slash = key.lastIndexOf('/');
  return { topic: key.slice(0, slash), partition: Number(key.slice(slash + 1)) };
}

/**
 * The key of one partition, `topic/partition`, and maps of positions by it. Structurally the `Position` of
 * `@tidemark/contracts`, which also knows how to write one as a token (`formatPosition`, `parsePosition`).
 */

/** The next offset to read, by `topic/partition`. */
export type Positions = ReadonlyMap<string, number>;

export function topicPartition(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}

/** The two parts of a key that `topicPartition` made. */
export function splitTopicPartition(key: string): { topic: string; partition: number } {
  const slash = key.lastIndexOf('/');
  return { topic: key.slice(0, slash), partition: Number(key.slice(slash + 1)) };
}

/**
 * Who leads a partition, as Produce (v10+) and Fetch (v16+) tell a client that asked the wrong broker (KIP-951), so
 * that it need not ask for metadata first.
 */
import type { MetadataImage } from '../controller/metadata-image.js';

export interface NodeEndpoint {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
}

/** `topic` by its id when it has one, else by name. Nothing when the partition is not known. */
export function currentLeaderOf(
  image: MetadataImage,
  topic: { readonly name: string; readonly topicId: string },
  partition: number,
): { leaderId: number; leaderEpoch: number } | undefined {
  const known = image.topicsById.get(topic.topicId) ?? image.topics.get(topic.name);
  const found = known?.partitions[partition];
  return found === undefined ? undefined : { leaderId: found.leader, leaderEpoch: found.leaderEpoch };
}

export function nodeEndpoints(image: MetadataImage, brokerIds: ReadonlySet<number>): NodeEndpoint[] {
  const endpoints: NodeEndpoint[] = [];
  for (const id of brokerIds) {
    const broker = image.brokers.get(id);
    if (broker === undefined) continue;
    endpoints.push({ nodeId: id, host: broker.host, port: broker.port, rack: broker.rack });
  }
  return endpoints;
}

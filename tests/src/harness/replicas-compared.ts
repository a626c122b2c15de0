// Whether the replicas of a topic hold the same bytes: each partition's segments, one behind the other, on every
// broker's disk. For a settled topic only, on which nobody writes.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BrokerCluster } from './broker-cluster.js';

/** What differs, in words; nothing when all is well. */
export function replicaDifferences(
  cluster: BrokerCluster,
  topic: string,
  replicas: readonly (readonly number[])[],
): string[] {
  return replicas.flatMap((nodes, partition) => {
    const name = `${topic}-${partition}`;
    const hashes = nodes.map((node) => logHash(join(cluster.broker(node).dataDirectory, name)));
    const texts = nodes.map((node, index) => `broker ${node} ${hashes[index]?.slice(0, 12)}`);
    return new Set(hashes).size === 1 ? [] : [`replicas of ${name} differ: ${texts.join(', ')}`];
  });
}

function logHash(directory: string): string {
  if (!existsSync(directory)) return 'absent';
  const hash = createHash('sha256');
  for (const file of readdirSync(directory)
    .filter((name) => /^\d{20}\.log$/.test(name))
    .sort()) {
    hash.update(readFileSync(join(directory, file)));
  }
  return hash.digest('hex');
}

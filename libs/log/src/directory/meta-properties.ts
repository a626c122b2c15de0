/**
 * `meta.properties` at the root of a data directory: whose it is. Made at the first start, checked at every other, so
 * that a broker never writes into another's data. Source: Kafka's `MetaProperties`, version 1.
 */
import { DiskError, readFully, writeFileAtomically, type Disk } from '@tidemark/platform';
import { LogError } from '../log-error.js';

export interface MetaProperties {
  readonly clusterId: string;
  readonly nodeId: number;
  /** base64url uuid: tells a new directory from an old one of the same node. */
  readonly directoryId: string;
}

const FILE = 'meta.properties';

/** Nothing when there is no such file. Throws `LogError('corrupt')`. */
export function readMetaProperties(disk: Disk, directory: string): MetaProperties | undefined {
  const path = `${directory}/${FILE}`;
  let text: string;
  try {
    text = Buffer.from(readFully(disk, path)).toString('utf8');
  } catch (error) {
    if (error instanceof DiskError && error.code === 'not-found') return undefined;
    throw error;
  }
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const at = line.indexOf('=');
    // A backslash escapes a colon or an equals sign in Java's format.
    if (at > 0 && !line.startsWith('#'))
      values.set(
        line.slice(0, at).trim(),
        line
          .slice(at + 1)
          .trim()
          .replaceAll('\\', ''),
      );
  }
  const clusterId = values.get('cluster.id');
  const nodeId = values.get('node.id');
  if (values.get('version') !== '1' || !clusterId || !/^\d+$/.test(nodeId ?? '')) {
    throw new LogError('corrupt', `${path}: version, cluster.id or node.id is missing or cannot be read`);
  }
  return { clusterId, nodeId: Number(nodeId), directoryId: values.get('directory.id') ?? '' };
}

export function uuidOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}

export function writeMetaProperties(disk: Disk, directory: string, properties: MetaProperties): void {
  const lines = [
    'version=1',
    `cluster.id=${properties.clusterId}`,
    `node.id=${properties.nodeId}`,
    `directory.id=${properties.directoryId}`,
  ];
  writeFileAtomically(disk, `${directory}/${FILE}`, Buffer.from(`${lines.join('\n')}\n`));
}

/**
 * The metadata quorum of a broker that is alone, on an open data directory: for specs that have no broker around it.
 */
import { logConfigOf, type LogDirectory } from '@tidemark/log';
import type { Clock, Disk, Random } from '@tidemark/platform';
import { QUORUM_RULES } from '@tidemark/replication';
import { pino } from 'pino';
import { directoryUuid } from '../controller/brokers/directory-uuid.js';
import { METADATA_IDENTITY } from '../controller/quorum/metadata-identity.js';
import { MetadataQuorum, type MetadataQuorumOptions } from '../controller/quorum/metadata-quorum.js';
import { Deadlines } from '../replicas/deadlines.js';

interface Doors {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly random: Random;
}

export function soleQuorum(
  directory: LogDirectory,
  { disk, clock, random }: Doors,
  over: Partial<MetadataQuorumOptions> = {},
): MetadataQuorum {
  const me = { id: 1, directoryId: directoryUuid(directory.directoryId) };
  return new MetadataQuorum({
    log: directory.openLog(METADATA_IDENTITY, logConfigOf({ 'retention.ms': '-1' })),
    dataDirectory: directory.path,
    clusterId: 'c',
    me,
    voters: [me],
    rules: QUORUM_RULES,
    clock,
    random,
    disk,
    deadlines: new Deadlines(clock),
    logger: pino({ level: 'silent' }),
    peers: () => {
      throw new Error('a broker that is alone has no peers');
    },
    checkpoint: () => directory.checkpoint(),
    bytesBetweenSnapshots: Number.POSITIVE_INFINITY,
    snapshotOf: () => [],
    ...over,
  });
}

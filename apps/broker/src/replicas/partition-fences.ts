/**
 * What this broker has promised to controllers that elect leaders of quorum topics: for each partition the epoch below
 * which it takes no appends and acknowledges nothing any more. One small file per data directory, `partition-fences`,
 * written whole and forced to disk before a promise is answered, one write per request. Held by `replicas.ts`.
 *
 * What must hold: a promise never gets lower, over restarts too. A file that cannot be read is no file without
 * promises: the broker must not start on it.
 */
import { writeFileAtomically, readFully, DiskError, type Disk } from '@tidemark/platform';
import { LogError, type PartitionLog } from '@tidemark/log';
import { ErrorCode } from '@tidemark/wire';

export interface FenceWanted {
  readonly topicId: string;
  readonly partition: number;
  readonly epoch: number;
}

export interface FenceAnswer {
  readonly error: ErrorCode;
  /** The highest that was promised. */
  readonly epoch: number;
  readonly lastEpoch: number;
  readonly logEnd: number;
}

const FILE = 'partition-fences';
const HEADER = 'version 0';

/**
 * How far a log goes for certain: what a power loss cannot take. Nothing while what was found at its opening
 * (`recoveredEnd`) is on its way to the device: the last life may have acknowledged any of it.
 */
export function certainEnd(
  log: PartitionLog,
  recoveredEnd: number,
): Pick<FenceAnswer, 'lastEpoch' | 'logEnd'> | undefined {
  const logEnd = log.flushedEnd;
  if (logEnd < Math.min(recoveredEnd, log.logEndOffset)) return undefined;
  const lastEpoch = logEnd === log.logEndOffset ? log.lastRecordEpoch : log.epochAt(logEnd - 1);
  return { lastEpoch, logEnd };
}

export function refusedFence(error: ErrorCode, epoch = -1): FenceAnswer {
  return { error, epoch, lastEpoch: -1, logEnd: -1 };
}

export class PartitionFences {
  private constructor(
    private readonly disk: Disk,
    private readonly path: string,
    private epochs: Map<string, number>,
  ) {}

  /** Throws LogError('corrupt'), DiskError. */
  static load(disk: Disk, directory: string): PartitionFences {
    const path = `${directory}/${FILE}`;
    return new PartitionFences(disk, path, readFences(disk, path));
  }

  /** -1: nothing was promised. */
  epochOf(topicId: string, partition: number): number {
    return this.epochs.get(keyOf(topicId, partition)) ?? -1;
  }

  /** On disk when it returns. Throws DiskError, and nothing was promised then. */
  promise(wanted: readonly FenceWanted[]): void {
    const epochs = new Map(this.epochs);
    let higher = false;
    for (const { topicId, partition, epoch } of wanted) {
      if (epoch <= (epochs.get(keyOf(topicId, partition)) ?? -1)) continue;
      epochs.set(keyOf(topicId, partition), epoch);
      higher = true;
    }
    if (!higher) return;
    const lines = [HEADER, ...[...epochs].map(([key, epoch]) => `${key} ${epoch}`)];
    writeFileAtomically(this.disk, this.path, Buffer.from(`${lines.join('\n')}\n`));
    this.epochs = epochs;
  }

  /** The partition is gone from here; its line goes with the next promise. */
  forget(topicId: string, partition: number): void {
    this.epochs.delete(keyOf(topicId, partition));
  }
}

function readFences(disk: Disk, path: string): Map<string, number> {
  let text: string;
  try {
    text = Buffer.from(readFully(disk, path)).toString('utf8');
  } catch (error) {
    if (error instanceof DiskError && error.code === 'not-found') return new Map();
    throw error;
  }
  const [header, ...lines] = text.split('\n');
  if (header !== HEADER) throw new LogError('corrupt', `${path}: "${header ?? ''}" is no header of it`);
  const epochs = new Map<string, number>();
  for (const line of lines) {
    if (line === '') continue;
    const [, key, epoch] = /^(\S+ \d+) (\d+)$/.exec(line) ?? [];
    if (key === undefined) throw new LogError('corrupt', `${path}: cannot read "${line}"`);
    epochs.set(key, Number(epoch));
  }
  return epochs;
}

function keyOf(topicId: string, partition: number): string {
  return `${topicId} ${partition}`;
}

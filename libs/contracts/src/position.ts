/**
 * Places in the log, as text. A *record reference* `topic/partition@offset` names one record (causes, SSE event
 * ids). A *position* `topic/partition@nextOffset[,...]`, sorted, says how far a reader is: every record before each
 * named offset is included. Clients treat positions as opaque (`Log-Position`); the empty position is the beginning.
 */

/** `topic/partition` -> next offset to read. A partition that is not there counts as 0. */
export type Position = ReadonlyMap<string, number>;

export interface RecordReference {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** Longest position we accept from outside: a few hundred partitions. */
const LENGTH_MAX = 16_384;
const ENTRY = /^([a-zA-Z0-9._-]{1,249})\/(0|[1-9][0-9]{0,8})@(0|[1-9][0-9]{0,15})$/;

function parseEntry(text: string): RecordReference | undefined {
  const match = ENTRY.exec(text);
  if (match === null) return undefined;
  const [, topic = '', partition = '', offset = ''] = match;
  const parsed = { topic, partition: Number(partition), offset: Number(offset) };
  return Number.isSafeInteger(parsed.offset) ? parsed : undefined;
}

export function formatRecordReference(record: RecordReference): string {
  return `${record.topic}/${record.partition}@${record.offset}`;
}

/** Nothing when the text is not a record reference. */
export function parseRecordReference(text: string): RecordReference | undefined {
  return parseEntry(text);
}

export function partitionKey(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}

export function formatPosition(position: Position): string {
  return [...position]
    .filter(([, offset]) => offset > 0)
    .map(([partition, offset]) => `${partition}@${offset}`)
    .sort()
    .join(',');
}

/** Nothing when the text is not a position. A partition named twice counts with its larger offset. */
export function parsePosition(text: string): Position | undefined {
  if (text.length > LENGTH_MAX) return undefined;
  const position = new Map<string, number>();
  if (text === '') return position;
  for (const part of text.split(',')) {
    const entry = parseEntry(part);
    if (entry === undefined) return undefined;
    const partition = partitionKey(entry.topic, entry.partition);
    position.set(partition, Math.max(entry.offset, position.get(partition) ?? 0));
  }
  return position;
}

/** The furthest of each partition. */
export function mergePositions(...positions: readonly Position[]): Position {
  const merged = new Map<string, number>();
  for (const position of positions) {
    for (const [partition, offset] of position) {
      merged.set(partition, Math.max(offset, merged.get(partition) ?? 0));
    }
  }
  return merged;
}

/** Whether `reached` is at or past `wanted` in every partition of `wanted` that `concerns` the reader. */
export function isAtOrPast(
  reached: Position,
  wanted: Position,
  concerns: (topic: string) => boolean = () => true,
): boolean {
  for (const [partition, offset] of wanted) {
    const topic = partition.slice(0, partition.lastIndexOf('/'));
    if (concerns(topic) && (reached.get(partition) ?? 0) < offset) return false;
  }
  return true;
}

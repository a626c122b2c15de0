/**
 * What specs of topics share: waiting for a condition, names that nobody used before, and a tail that collects.
 */
import { randomUUID } from 'node:crypto';
import type { Tail, TailOptions, TopicRecord, Topics } from '../topics/topics.js';

const WITHIN_MS = 20_000;

/** Resolves when the condition holds; rejects when it does not within 20 s. */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  withinMs = WITHIN_MS,
): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not so after ${withinMs} ms: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export function freshName(): string {
  return `spec-${randomUUID().slice(0, 13)}`;
}

/** A record's value as text; `null` for none. */
export function textOf(record: TopicRecord): string {
  return record.value?.toString('utf8') ?? 'null';
}

/** A tail of one topic that keeps what it read; resolves when `count` records are there. */
export async function collect(
  topics: Topics,
  topic: string,
  count: number,
  from: TailOptions['from'] = 'beginning',
): Promise<{ readonly records: TopicRecord[]; readonly tail: Tail; readonly close: () => Promise<void> }> {
  const records: TopicRecord[] = [];
  const tail = await topics.tail({
    topics: [topic],
    purpose: 'collect',
    from,
    onBatch: (batch) => void records.push(...batch.records),
  });
  await eventually(() => records.length >= count);
  return { records, tail, close: () => tail.close() };
}

// How rows have a broker's flushes fail or take long: by the file that `src/faults/faulty-disk.cjs` reads, for brokers
// that were started with it.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BrokerProcess } from '../../../harness/broker-process.js';

export const FAULTY_DISK = join(import.meta.dirname, '../../../../src/faults/faulty-disk.cjs');

export interface FlushOrder {
  /** Of files whose path contains this. */
  readonly path: string;
  /** So many flushes fail. */
  readonly fail?: number;
  readonly slowMs?: number;
}

export function orderFlushes(broker: BrokerProcess, order: FlushOrder): void {
  writeFileSync(join(broker.directory, 'disk'), JSON.stringify(order));
}

export function healFlushes(broker: BrokerProcess): void {
  rmSync(join(broker.directory, 'disk'), { force: true });
}

/** Flushes that failed or took long since the process began. */
export function sufferedFlushes(broker: BrokerProcess): number {
  const path = join(broker.directory, 'disk-suffered');
  return existsSync(path) ? Number(readFileSync(path, 'utf8')) : 0;
}

/** The pure fold behind the projection: the rows of a history, however it is cut, and their hash. */
import fc from 'fast-check';
import { dataProductIdOf } from '../ids.js';
import { encode, type Message, newMessage } from '../envelope/envelope.js';
import { EVENTS as E, EXPERIMENT_ID, RUNNING } from '../testing/history.js';
import { CATALOG_TOPIC, EXPERIMENTS_TOPIC } from '../topics.js';
import { foldBatch, MetadataFold, type ProjectedRecord, understand } from './metadata-fold.js';
import { hashOfFold } from './row-hash.js';

const OTHER_ID = EXPERIMENT_ID.replace(/.$/, 'z');
const HASH = 'a'.repeat(64);
const UPLOAD_ID = dataProductIdOf({ gateway: 'default', name: 'a.txt', sha256: HASH });

function records(topic: string, partition: number, messages: readonly Message[]): ProjectedRecord[] {
  return messages.map((message, offset) => ({ topic, partition, offset, ...encode(message) }));
}

const whole = (id: string): Message[] =>
  [...RUNNING(), E.exited(1, 0), E.output(id), E.processCompleted(), E.completed()].map((message) => ({
    ...message,
    key: id,
    id: `${message.id}-${id}`,
  }));

const history = records(EXPERIMENTS_TOPIC, 3, whole(EXPERIMENT_ID));
const other = records(EXPERIMENTS_TOPIC, 4, whole(OTHER_ID));
const uploaded = newMessage(
  'DataProductRegistered',
  { dataProduct: { id: UPLOAD_ID, name: 'a.txt', sha256: HASH, bytes: 5 } },
  {
    key: `data-product/${UPLOAD_ID}`,
    id: 'u',
    gateway: 'default',
    actor: 'admin',
    time: '2026-01-31T12:00:00.000Z',
  },
);
const catalog = records(CATALOG_TOPIC, 0, [uploaded]);
const everything = [...history, ...other, ...catalog];

function hashOf(...batches: readonly (readonly ProjectedRecord[])[]): string {
  const fold = new MetadataFold();
  for (const batch of batches) fold.apply(batch);
  return hashOfFold(fold);
}

describe('the metadata fold', () => {
  it('makes a row of everything', () => {
    const fold = new MetadataFold();
    fold.apply(everything);
    expect(fold.rows('experiments')).toHaveLength(2);
    expect(fold.rows('experiments')[0]).toMatchObject({
      id: EXPERIMENT_ID,
      status: 'COMPLETED',
      reason_code: 'OK',
      exit_code: 0,
      application_name: 'word-count',
      application_version: '1',
      partition: 3,
      revision: 14,
      ended_at: '2026-01-31T12:00:00.000Z',
    });
    expect(fold.rows('jobs')[0]).toMatchObject({
      attempt: 1,
      status: 'COMPLETE',
      host: 'here',
      exit_code: 0,
    });
    expect(fold.rows('processes')[0]).toMatchObject({ process_index: 0, status: 'COMPLETED', attempts: 1 });
    expect(fold.rows('events')).toHaveLength(30);
    expect(fold.rows('data_products').map(({ name }) => name)).toEqual([
      'counts.json',
      'counts.json',
      'a.txt',
    ]);
    expect(fold.rowCount).toBe(2 + 2 + 2 + 30 + 3);
  });

  it('comes to the same rows however the records are batched and the partitions interleaved', () => {
    const reference = hashOf(history, other, catalog);
    fc.assert(
      fc.property(
        fc.infiniteStream(fc.nat(2)),
        fc.infiniteStream(fc.integer({ min: 1, max: 7 })),
        (turns, sizes) => {
          const queues = [[...history], [...catalog], [...other]];
          const batches: ProjectedRecord[][] = [];
          while (queues.some((queue) => queue.length > 0)) {
            const queue = queues[turns.next().value as number] ?? [];
            const size = sizes.next().value as number;
            batches.push(queue.splice(0, size));
          }
          expect(hashOf(...batches)).toBe(reference);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('has another hash when anything is different', () => {
    const reference = hashOf(everything);
    expect(hashOf(everything.slice(0, -1))).not.toBe(reference);
    expect(hashOf(history.slice(0, -1), other, catalog)).not.toBe(reference);
    const moved = history.map((record) => ({ ...record, offset: record.offset + 1 }));
    expect(hashOf(moved, other, catalog)).not.toBe(reference);
    expect(hashOf()).not.toBe(hashOf(catalog));
  });

  it('does not believe a data product whose id is not its own', () => {
    const forged = [...RUNNING(), E.exited(1, 0), E.output(OTHER_ID)];
    const fold = new MetadataFold();
    fold.apply(records(EXPERIMENTS_TOPIC, 3, forged));
    fold.apply(records(CATALOG_TOPIC, 0, [{ ...uploaded, gateway: 'another' }]));
    expect(fold.rows('data_products')).toEqual([]);
    expect(fold.rows('events').at(-1)).toMatchObject({ type: 'OutputStaged', applied: true });
  });

  it('passes over what it cannot understand, and what lies under a wrong key', () => {
    const [first] = history;
    if (first === undefined) throw new Error('no history');
    const rubbish: ProjectedRecord[] = [
      { ...first, value: 'rubbish' },
      { ...first, value: null },
      { ...first, key: 'not-an-experiment' },
      { ...first, key: 'x'.repeat(100_000) },
      { ...first, topic: CATALOG_TOPIC },
      { ...first, headers: {} },
      { ...catalog[0]!, key: 'data-product/another' },
      { ...catalog[0]!, topic: EXPERIMENTS_TOPIC },
    ];
    expect(understand(rubbish)).toEqual([]);
    expect(foldBatch(understand(rubbish), new Map()).size).toBe(0);
  });

  it('replaces what PostgreSQL cannot spell, in texts, names and headers', () => {
    const message = E.created();
    const [record] = records(EXPERIMENTS_TOPIC, 3, [{ ...message, actor: 'a\u0000b' }]);
    const value = JSON.stringify({ ...message.payload, description: 'x\ud800y', inputs: { a: 'ok' } });
    const [understood] = understand([{ ...record!, value }]);
    // Lone surrogates are refused by the schema already, so only the header is left to repair.
    expect(understood).toBeUndefined();
    const [repaired] = understand(records(EXPERIMENTS_TOPIC, 3, [{ ...message, actor: 'a\u0000b' }]));
    expect(repaired?.message.actor).toBe('a\ufffdb');
    const lost = E.lost();
    const [detail] = understand(
      records(EXPERIMENTS_TOPIC, 3, [{ ...lost, payload: { ...lost.payload, why: 'a\u0000b\udfffc' } }]),
    );
    expect(JSON.stringify(detail?.message.payload)).toContain('a\ufffdb\ufffdc');
  });
});

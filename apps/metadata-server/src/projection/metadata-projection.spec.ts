/** What the projection remembers and what it asks the rows for: an experiment with a row is never taken for a new one. */
import { encode, EXPERIMENTS_TOPIC } from '@tidemark/contracts';
import type { TopicRecord } from '@tidemark/service';
import { CREATED, PARTITION, rejected } from '../testing/stories.js';
import type { ExperimentsEvent } from '../experiments/experiments-state.js';
import { MetadataProjection } from './metadata-projection.js';

const recordOf = ({ message }: ExperimentsEvent, offset: number): TopicRecord => {
  const { key, value, headers } = encode(message);
  return {
    topic: EXPERIMENTS_TOPIC,
    partition: PARTITION,
    offset,
    timestamp: 0,
    key,
    rawKey: Buffer.from(key),
    value: Buffer.from(value),
    headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)])),
  };
};

describe('the projection of the metadata', () => {
  const projection = new MetadataProjection();
  /** The rows' states, as the last folds have left them. */
  const rows = new Map<string, unknown>();
  const asked: string[][] = [];
  const fold = async (event: ExperimentsEvent, offset: number): Promise<unknown> => {
    const stored = {
      jsonByKey: (_table: string, _column: string, keys: readonly string[]) => {
        if (keys.length > 0) asked.push([...keys]);
        return Promise.resolve(new Map([...rows].filter(([id]) => keys.includes(id))));
      },
    };
    const changes = await projection.fold([recordOf(event, offset)], stored);
    for (const row of changes.get('experiments')?.values() ?? []) rows.set(row.id as string, row.state);
    return [...(changes.get('events')?.values() ?? [])][0]?.applied;
  };
  beforeEach(() => {
    rows.clear();
    asked.length = 0;
  });

  it('asks for nothing that it has not seen, when there were no rows', async () => {
    projection.forget('none');
    expect(await fold(CREATED, 0)).toBe(true);
    expect(asked).toEqual([]);
  });

  it('asks for an experiment that has ended, and so knows it again', async () => {
    projection.forget('none');
    await fold(CREATED, 0);
    await fold(rejected(), 1);
    expect(await fold(CREATED, 2)).toBe(false);
    expect(asked).toEqual([[CREATED.message.key]]);
  });

  it('asks for whatever it does not remember, when there are rows', async () => {
    projection.forget('none');
    await fold(CREATED, 0);
    projection.forget('kept');
    expect(await fold(CREATED, 1)).toBe(false);
    expect(asked).toEqual([[CREATED.message.key]]);
  });
});

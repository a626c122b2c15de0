/** The content store against a real directory: what it keeps, refuses, serves in ranges, never finds, and sweeps. */
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Clock } from '@tidemark/platform';
import { nodeClock, nodeDisk, nodeRandom } from '@tidemark/platform/node';
import { ContentStore } from './content-store.js';

describe('the content store', () => {
  let directory: string;
  let store: ContentStore;
  const open = (clock: Clock = nodeClock): ContentStore =>
    new ContentStore({ disk: nodeDisk, clock, random: nodeRandom, directory: join(directory, 'content') });
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'tidemark-content-'));
    store = open();
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const hashOf = (content: string): string => createHash('sha256').update(content).digest('hex');
  const put = (content: string, options = {}): ReturnType<ContentStore['put']> =>
    store.put(Readable.from([Buffer.from(content)]), { bytesMax: 1_000_000, ...options });
  const read = async (sha256: string, range = {}): Promise<string | undefined> => {
    const pieces = store.read(sha256, range);
    if (pieces === undefined) return undefined;
    const all: Uint8Array[] = [];
    for await (const piece of pieces) all.push(piece);
    return Buffer.concat(all).toString();
  };
  const left = (): string[] => readdirSync(join(directory, 'content', 'tmp'));

  it('keeps content under its hash, once', async () => {
    const stored = await put('hello');
    expect(stored).toEqual({ sha256: hashOf('hello'), bytes: 5 });
    expect(await put('hello')).toEqual(stored);
    expect(await read(hashOf('hello'))).toBe('hello');
    expect(store.stat(hashOf('hello'))).toEqual(stored);
    expect(existsSync(join(directory, 'content/sha256', hashOf('hello').slice(0, 2), hashOf('hello')))).toBe(
      true,
    );
    expect(left()).toEqual([]);
  });

  it.each([
    [{}, 'abcdefghij'],
    [{ first: 3 }, 'defghij'],
    [{ first: 2, last: 4 }, 'cde'],
    [{ last: 0 }, 'a'],
    [{ first: 8, last: 99 }, 'ij'],
    [{ first: 10 }, ''],
  ])('reads the range %j', async (range, expected) => {
    await put('abcdefghij');
    expect(await read(hashOf('abcdefghij'), range)).toBe(expected);
  });

  it('streams what is larger than a piece', async () => {
    const content = 'x'.repeat(600_000);
    await store.put(Readable.from([Buffer.from(content.slice(0, 1)), Buffer.from(content.slice(1))]), {
      bytesMax: 600_000,
    });
    expect(await read(hashOf(content))).toBe(content);
  });

  it('refuses what is too large or has another hash, and leaves nothing behind', async () => {
    expect(await put('abc', { bytesMax: 2 })).toEqual({ refused: 'too-large' });
    expect(await put('abc', { sha256: hashOf('other') })).toEqual({ refused: 'hash-differs' });
    const broken = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from('abc');
      await Promise.resolve();
      throw new Error('the upload broke');
    };
    await expect(store.put(broken(), { bytesMax: 10 })).rejects.toThrow('the upload broke');
    expect(store.stat(hashOf('abc'))).toBeUndefined();
    expect(left()).toEqual([]);
  });

  it.each(['../../etc/passwd', 'A'.repeat(64), '', 'ab', `${'a'.repeat(63)}/`, '\0'.repeat(64)])(
    'finds nothing under %j',
    (name) => {
      expect(store.stat(name)).toBeUndefined();
      expect(store.read(name)).toBeUndefined();
      expect(() => store.pathOf(name)).toThrow(RangeError);
    },
  );

  it('sweeps temporaries that are older than a day, and nothing else', () => {
    const day = 24 * 60 * 60 * 1000;
    const name = (ageMs: number): string => `${Date.now() - ageMs}-${nodeRandom.uuid()}`;
    const names = [name(day + 60_000), name(day - 60_000), 'notes.txt'];
    for (const each of names) writeFileSync(join(directory, 'content', 'tmp', each), 'x');
    expect(store.sweep()).toBe(1);
    expect(left().sort()).toEqual(names.slice(1).sort());
  });
});

/** The bounded map of keys to their last offsets, and the hash that stands for a key. */
import { hashKey, keyHash } from './key-hash.js';
import { KeyMap } from './key-map.js';

const bytesOf = (key: string): Uint8Array => Buffer.from(key);

describe('the map of keys', () => {
  it('remembers the last offset of as many keys as it says it has room for', () => {
    const map = new KeyMap(24 * 4096, 7);
    const keys = Array.from({ length: map.capacity }, (_, index) =>
      bytesOf(`key-${index}-${'x'.repeat(index % 40)}`),
    );
    keys.forEach((key, index) => map.put(key, 0, key.length, index));
    keys.forEach((key, index) => map.put(key, 0, key.length, index + 10_000));
    expect(map.count).toBe(map.capacity);
    expect(map.hasRoomFor(1)).toBe(false);
    keys.forEach((key, index) => expect(map.get(key, 0, key.length)).toBe(index + 10_000));
    expect(map.get(bytesOf('another'), 0, 7)).toBe(-1);
    map.clear();
    expect([map.count, map.get(keys[0]!, 0, keys[0]!.length)]).toEqual([0, -1]);
  });

  it('takes a key from wherever it lies, the empty one too', () => {
    const map = new KeyMap(24 * 64, 1);
    map.put(bytesOf('--abc--'), 2, 3, 5);
    map.put(bytesOf(''), 0, 0, 6);
    expect(map.get(bytesOf('abc'), 0, 3)).toBe(5);
    expect(map.get(bytesOf('x'), 1, 0)).toBe(6);
  });
});

it('the hash tells 200,000 similar keys apart, and depends on its seed', () => {
  const seen = new Set<string>();
  for (let index = 0; index < 200_000; index += 1) {
    const key = bytesOf(`experiment-${index}`);
    hashKey(key, 0, key.length, 3);
    seen.add(keyHash.join());
  }
  expect(seen.size).toBe(200_000);
  hashKey(bytesOf('a'), 0, 1, 1);
  const one = keyHash.join();
  hashKey(bytesOf('a'), 0, 1, 2);
  expect(keyHash.join()).not.toBe(one);
});

/** The version ranges against what each client sends, and what is advertised. */
import { describe, expect, it } from '@jest/globals';
import { APIS, advertise, apiOf, metadataApi, produceApi } from './index.js';

/** What clients in the field send, newest version first choice: [key, lowest, highest]. */
const CLIENTS: Readonly<Record<string, readonly (readonly [number, number, number])[]>> = {
  'kafkajs 2.2': [
    [0, 0, 7],
    [1, 0, 11],
    [2, 0, 3],
    [3, 0, 6],
    [8, 0, 5],
    [9, 1, 4],
    [10, 0, 2],
    [11, 0, 5],
    [12, 0, 3],
    [13, 0, 3],
    [14, 0, 3],
    [15, 0, 2],
    [16, 0, 2],
    [18, 0, 2],
    [19, 0, 3],
    [20, 0, 1],
    [21, 0, 1],
    [22, 0, 1],
    [32, 0, 2],
    [33, 0, 1],
    [37, 0, 1],
    [42, 0, 1],
  ],
  'librdkafka 2.0': [
    [0, 0, 7],
    [1, 0, 11],
    [2, 0, 2],
    [3, 0, 4],
    [8, 0, 7],
    [9, 0, 7],
    [10, 0, 2],
    [11, 0, 5],
    [12, 0, 3],
    [13, 0, 1],
    [14, 0, 3],
    [15, 0, 4],
    [16, 0, 4],
    [18, 0, 3],
    [19, 0, 4],
    [20, 0, 1],
    [22, 0, 4],
    [32, 0, 1],
    [42, 0, 1],
    [47, 0, 0],
  ],
  'Java 4.0': [
    [0, 3, 12],
    [1, 4, 17],
    [2, 1, 10],
    [3, 0, 13],
    [8, 2, 9],
    [9, 1, 9],
    [10, 0, 6],
    [11, 0, 9],
    [15, 0, 6],
    [19, 2, 7],
    [20, 1, 6],
    [22, 0, 5],
    [23, 2, 4],
    [32, 1, 4],
    [44, 0, 1],
    [60, 0, 2],
    [75, 0, 0],
  ],
  '@platformatic/kafka 2': [
    [0, 7, 11],
    [1, 12, 17],
    [2, 5, 9],
    [3, 9, 12],
    [10, 4, 6],
    [11, 6, 9],
    [12, 4, 4],
    [14, 4, 5],
    [19, 7, 7],
    [22, 3, 5],
  ],
};

describe('versions', () => {
  it.each(Object.entries(CLIENTS))(
    '%s finds a version of every API it sends, and gets it read',
    (_name, rows) => {
      for (const [key, lowest, highest] of rows) {
        const api = apiOf(key)!;
        const chosen = Math.min(highest, api.advertised.max);
        expect(chosen).toBeGreaterThanOrEqual(Math.max(lowest, api.advertised.min));
        expect(api.request.speaks(chosen)).toBe(true);
        expect(api.response.speaks(chosen)).toBe(true);
      }
    },
  );

  it('are advertised in order of their keys, and only where somebody serves them', () => {
    const keys = advertise([metadataApi, apiOf(64)!, produceApi]).map(({ apiKey }) => apiKey);
    expect(keys).toEqual([0, 3, 64]);
  });

  it('are not told to clients of what brokers ask each other only', () => {
    const told = new Set(advertise(APIS).map(({ apiKey }) => apiKey));
    const untold = APIS.map(({ key }) => key).filter((key) => !told.has(key));
    expect(untold).toEqual([52, 53, 54, 56, 59, 62, 63, 67, 10001]);
  });

  it('of Produce are advertised from 0 on, but not spoken below 3', () => {
    expect(advertise([produceApi])).toEqual([{ apiKey: 0, minVersion: 0, maxVersion: 13 }]);
    expect(apiOf(0)?.request.speaks(2)).toBe(false);
    expect(APIS.filter(({ versions, advertised }) => versions !== advertised).map(({ key }) => key)).toEqual([
      0,
    ]);
  });

  it('of unknown keys there are none', () => {
    expect([-1, 4, 7, 9999, 0.5].map(apiOf)).toEqual([undefined, undefined, undefined, undefined, undefined]);
  });
});

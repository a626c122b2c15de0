/**
 * The table of messages: every API that can be read and written, by key. Together with the handlers that a broker
 * has, this table is its ApiVersions answer.
 */
import type { AnyApi } from '../api.js';
import { produceApi } from './00-produce.js';
import { fetchApi } from './01-fetch.js';
import { metadataApi } from './03-metadata.js';
import { apiVersionsApi } from './18-api-versions.js';

export * from './00-produce.js';
export * from './01-fetch.js';
export * from './03-metadata.js';
export * from './18-api-versions.js';

/** All APIs, by ascending key. */
export const APIS: readonly AnyApi[] = [produceApi, fetchApi, metadataApi, apiVersionsApi];

const BY_KEY: readonly (AnyApi | undefined)[] = APIS.reduce<(AnyApi | undefined)[]>((table, api) => {
  table[api.key] = api;
  return table;
}, []);

/** The API of a key; undefined for keys that we do not speak. */
export function apiOf(key: number): AnyApi | undefined {
  return BY_KEY[key];
}

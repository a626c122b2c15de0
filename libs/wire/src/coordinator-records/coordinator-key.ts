/**
 * The key of a record of `__consumer_offsets`, whatever it is about. Read first; it says how the value is read. Keys
 * of groups of a kind that we do not coordinate are `unknown` and skipped by whoever replays the topic.
 */
import { ByteReader } from '../bytes/reader.js';
import type { GroupMetadataKey } from './group-metadata.js';
import { GROUP_METADATA_KEY_TYPE, groupMetadataKey } from './group-metadata.js';
import type { OffsetCommitKey } from './offset-commit.js';
import { OFFSET_COMMIT_KEY_TYPE, offsetCommitKey } from './offset-commit.js';

export type CoordinatorKey =
  | ({ readonly kind: 'offset-commit' } & Readonly<OffsetCommitKey>)
  | ({ readonly kind: 'group-metadata' } & Readonly<GroupMetadataKey>)
  | { readonly kind: 'unknown'; readonly keyType: number };

/** Throws `WireError` for a key that is cut short. */
export function decodeCoordinatorKey(bytes: Uint8Array): CoordinatorKey {
  const reader = new ByteReader(bytes);
  const keyType = reader.int16();
  if (keyType >= 0 && keyType <= OFFSET_COMMIT_KEY_TYPE) {
    return { kind: 'offset-commit', ...offsetCommitKey.decode(keyType, reader) };
  }
  if (keyType === GROUP_METADATA_KEY_TYPE) {
    return { kind: 'group-metadata', ...groupMetadataKey.decode(keyType, reader) };
  }
  return { kind: 'unknown', keyType };
}

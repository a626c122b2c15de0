/**
 * Puts the application's files and the inputs of a job into its directory, read-only, from the content store. Every byte
 * goes through the hash that the experiment names: what does not fit it never gets its name.
 */
import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import type { Transport } from '../launchers/transport.js';
import type { PlacedFile } from './job-command.js';

/** Content that is missing or is not what its hash says; trying again may help when a shared disk is slow to show it. */
export class StagingError extends Error {
  override readonly name = 'StagingError';
}

export interface ContentSource {
  read(sha256: string): AsyncIterable<Uint8Array> | undefined;
}

export async function stageFiles(
  transport: Transport,
  store: ContentSource,
  token: string,
  files: readonly PlacedFile[],
): Promise<void> {
  for (const file of files) {
    const content = store.read(file.sha256);
    if (content === undefined)
      throw new StagingError(`${file.path}: content ${file.sha256} is not in the store`);
    await transport.makeDirectory(token, dirname(file.path));
    await transport.put(token, file.path, checked(content, file), { mode: file.mode });
  }
}

async function* checked(content: AsyncIterable<Uint8Array>, file: PlacedFile): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  for await (const bytes of content) {
    hash.update(bytes);
    yield bytes;
  }
  // Thrown before the last step of `put`, so that the file is not there.
  if (hash.digest('hex') !== file.sha256)
    throw new StagingError(`${file.path}: the store's content does not have the hash ${file.sha256}`);
}

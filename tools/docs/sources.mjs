// The TypeScript of a folder that runs in earnest: no specs and nothing that only they use.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Absolute paths, sorted. */
export function sourcesBelow(root, folder) {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /(?<!\.spec|\.d)\.ts$/.test(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .filter((path) => !path.includes('/testing/'))
    .sort();
}

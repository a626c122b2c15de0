/**
 * What the tidy specs look at: every file of the repository that git knows or would add, read once. Holds a cache of
 * file texts for the life of one test process; nothing else calls it.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../../..');

export interface SourceFile {
  /** Relative to the repository's root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly lines: number;
}

/** Paths that git tracks, or would track once added. */
export function repositoryPaths(): string[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return [...new Set(listed.split('\n'))]
    .filter((path) => path !== '' && existsSync(join(ROOT, path)))
    .sort();
}

export function read(path: string): SourceFile {
  const text = readFileSync(join(ROOT, path), 'utf8');
  return { path, text, lines: text.split('\n').length - 1 };
}

/** TypeScript of ours: everything under src folders. */
export function typescriptFiles(): SourceFile[] {
  return repositoryPaths()
    .filter((path) => path.endsWith('.ts') && path.includes('/src/'))
    .map(read);
}

/** Folder of the project that a path belongs to: `libs/log`, `apps/broker`, `tests`... */
export function projectOf(path: string): string {
  const [first = '', second = ''] = path.split('/');
  return first === 'libs' || first === 'apps' ? `${first}/${second}` : first;
}

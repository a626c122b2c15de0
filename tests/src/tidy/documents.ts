/**
 * The Markdown of the repository as the docs specs look at it: its links, the code it names, its tables. Reads files and
 * runs tools/docs.mjs; holds nothing. Called by docs.spec.ts.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { read, repositoryPaths, ROOT, type SourceFile } from './sources.js';

export interface Link {
  readonly text: string;
  /** Relative to the repository's root; undefined for addresses on the web. */
  readonly target: string | undefined;
  /** Without `#`; empty when there is none. */
  readonly anchor: string;
}

const FENCE = /^( *)(```|~~~)[^\n]*\n[\s\S]*?^\1\2[ \t]*$/gm;
const LINK = /\[((?:[^[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)/g;

export function documents(): SourceFile[] {
  return repositoryPaths()
    .filter((path) => path.endsWith('.md'))
    .map(read);
}

/** Without blocks of code, which show what a terminal says. */
export function proseOf(document: SourceFile): string {
  return document.text.replace(FENCE, '');
}

/** What is shown as a terminal or a file. */
export function blocksOf(document: SourceFile): string {
  return [...document.text.matchAll(FENCE)].map(([block]) => block).join('\n');
}

export function linksOf(document: SourceFile): Link[] {
  return [...proseOf(document).matchAll(LINK)].map(([, text = '', address = '']) => {
    if (/^[a-z]+:/.test(address)) return { text, target: undefined, anchor: '' };
    const [path = '', anchor = ''] = address.split('#');
    const target = path === '' ? document.path : normalize(join(dirname(document.path), path));
    return { text, target, anchor };
  });
}

/** Anchors as GitHub makes them of headings. */
export function anchorsOf(document: SourceFile): string[] {
  return [...proseOf(document).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Inline code, in order. */
export function codeOf(text: string): string[] {
  return [...text.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
}

export function exists(path: string): boolean {
  return existsSync(join(ROOT, path));
}

/** Cells of the rows of every table in the text, header rows included. */
export function rowsOf(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^\|[ |:-]+\|$/.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    );
}

export interface KnownCommand {
  readonly name: string;
  readonly options: readonly string[];
}

export function runDocsTool(...options: string[]): string {
  return execFileSync(process.execPath, [join(ROOT, 'tools/docs.mjs'), ...options], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '' },
  });
}

/** What the command line understands. */
export function knownCommands(): KnownCommand[] {
  return JSON.parse(runDocsTool('--commands')) as KnownCommand[];
}

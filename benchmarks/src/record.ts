/** Puts the figures of a run into docs/benchmarks.md, between its two markers, with what they were taken on. */
import { execFileSync } from 'node:child_process';
import { readFileSync, statfsSync, writeFileSync } from 'node:fs';
import { cpus, release, tmpdir, totalmem } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { figureRow, type Figure } from './figure.js';

const PAGE = fileURLToPath(new URL('../../docs/benchmarks.md', import.meta.url));
const BEGIN = '<!-- figures: begin -->';
const END = '<!-- figures: end -->';
/** Magic numbers of statfs(2). */
const FILE_SYSTEMS: Readonly<Record<number, string>> = {
  0xef53: 'ext4',
  0x58465342: 'xfs',
  0x9123683e: 'btrfs',
  0x01021994: 'tmpfs',
  0x794c7630: 'overlayfs',
};

/** What the figures were taken on. */
export function machineLine(): string {
  const { type } = statfsSync(tmpdir());
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const fileSystem = FILE_SYSTEMS[type] ?? `file system 0x${type.toString(16)}`;
  return `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}, ${memory}, ${fileSystem}, Linux ${release()}, Node ${process.version}`;
}

/** The page is formatted as it is written: lint refuses the table otherwise, and nobody would know until CI does. */
export async function writeFigures(figures: readonly Figure[]): Promise<void> {
  const page = readFileSync(PAGE, 'utf8');
  const [before, after] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (before < 0 || after < before) throw new Error('docs/benchmarks.md has lost its markers');
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: dirname(PAGE) })
    .toString()
    .trim();
  const table = [
    '| figure | median | ratio | goal |',
    '| ------ | ------ | ----- | ---- |',
    ...figures.map(figureRow),
  ];
  const block = [BEGIN, '', `At ${commit}: ${machineLine()}.`, '', ...table, '', END].join('\n');
  const filled = page.slice(0, before) + block + page.slice(after + END.length);
  const style = await resolveConfig(PAGE);
  writeFileSync(PAGE, await format(filled, { ...style, filepath: PAGE }));
}

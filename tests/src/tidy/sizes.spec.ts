// Files that a reader can hold in the head: about 100 lines in the middle, few over 300, none over 400.
import { typescriptFiles } from './sources.js';

const MEDIAN_MAX = 140;
const LONG = 300;
const LONG_SHARE_MAX = 0.05;
const LINES_MAX = 400;

describe('sizes', () => {
  const files = typescriptFiles();

  it('has no file over 400 lines', () => {
    expect(
      files.filter((file) => file.lines > LINES_MAX).map(({ path, lines }) => `${path}: ${lines}`),
    ).toEqual([]);
  });

  it('has few files over 300 lines, specs aside', () => {
    const sources = files.filter((file) => !file.path.endsWith('.spec.ts'));
    const long = sources.filter((file) => file.lines > LONG).map(({ path, lines }) => `${path}: ${lines}`);
    expect({ allowed: true, long }).toEqual({
      allowed: long.length <= sources.length * LONG_SHARE_MAX,
      long,
    });
  });

  it('has a median file of about 100 lines', () => {
    const lines = files.map((file) => file.lines).sort((left, right) => left - right);
    expect(lines[Math.floor(lines.length / 2)] ?? 0).toBeLessThanOrEqual(MEDIAN_MAX);
  });

  it('has folders of at most 15 files, where files are not all of one kind', () => {
    const byFolder = new Map<string, number>();
    for (const { path } of files) {
      if (path.endsWith('.spec.ts')) continue;
      const folder = path.slice(0, path.lastIndexOf('/'));
      byFolder.set(folder, (byFolder.get(folder) ?? 0) + 1);
    }
    const crowded = [...byFolder].filter(
      ([folder, count]) => count > 15 && !/(messages|handlers|rows)$/.test(folder),
    );
    expect(crowded).toEqual([]);
  });
});

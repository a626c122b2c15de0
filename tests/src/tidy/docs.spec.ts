// Docs and code in step: generated tables are what the code's tables say, links lead somewhere, walks name functions
// that are there, commands can be typed, decisions are numbered once, words of the glossary are the code's.
import {
  anchorsOf,
  blocksOf,
  codeOf,
  documents,
  exists,
  knownCommands,
  linksOf,
  proseOf,
  rowsOf,
  runDocsTool,
} from './documents.js';
import { read, repositoryPaths, typescriptFiles } from './sources.js';

const SOURCE = /\.(?:ts|mjs|js|sh)$/;
/** A path of this repository, as docs write it. */
const PATH = /^(?:apps|libs|docs|tests|tools|benchmarks|examples|\.ci)\/[\w./-]*$/;
/** A list item's link to a source file and the names of code that directly follow it. */
const NAMED = /\]\(([^()\s]+\.(?:ts|sh|mjs))\)((?:,?\s+`[^`]+`)+)/g;

describe('documents', () => {
  const all = documents();

  it('hold the generated tables as the code has them', () => {
    expect(runDocsTool('--check')).toBe('');
  }, 120_000);

  it('link to what is there', () => {
    const faults = all.flatMap((document) =>
      linksOf(document)
        .filter(({ target }) => target !== undefined && !exists(target))
        .map(({ target }) => `${document.path} links to ${target}`),
    );
    expect(faults).toEqual([]);
  });

  it('say in README what the first experiment says of it', () => {
    const readme = read('README.md').text;
    const words = readme.split(/\s+/).filter((word) => word !== '').length;
    expect(/^The first experiment .*\n +(\d+)$/m.exec(readme)?.[1]).toBe(String(words));
  });

  it('link to headings that are there', () => {
    const faults = all.flatMap((document) =>
      linksOf(document)
        .filter(({ target, anchor }) => anchor !== '' && target?.endsWith('.md') === true && exists(target))
        .filter(({ target = '', anchor }) => !anchorsOf(read(target)).includes(anchor))
        .map(({ target, anchor }) => `${document.path} links to ${target}#${anchor}`),
    );
    expect(faults).toEqual([]);
  });

  it('name files and folders that are there', () => {
    const faults = all.flatMap((document) =>
      codeOf(proseOf(document))
        .filter((code) => PATH.test(code) && !exists(code))
        .map((code) => `${document.path} names ${code}`),
    );
    expect(faults).toEqual([]);
  });

  it('name functions where they are', () => {
    const faults: string[] = [];
    let named = 0;
    for (const document of all) {
      for (const link of linksOf(document)) {
        if (link.target === undefined || !SOURCE.test(link.target) || !exists(link.target)) continue;
        // The text of a link to a source is its path, its name, or names of code in it.
        for (const code of codeOf(link.text)) {
          if (!link.target.endsWith(code)) faults.push(`${document.path}: ${code} is not ${link.target}`);
        }
      }
      for (const [, address = '', names = ''] of proseOf(document).matchAll(NAMED)) {
        const [link] = linksOf({ ...document, text: `[](${address})` });
        if (link?.target === undefined || !exists(link.target)) continue;
        const { text } = read(link.target);
        for (const name of codeOf(names)) {
          named += 1;
          if (!new RegExp(`(?<![\\w])${name.replace(/[^\w]/g, '\\$&')}(?![\\w])`).test(text))
            faults.push(`${document.path}: ${link.target} has no ${name}`);
        }
      }
    }
    expect(faults).toEqual([]);
    // The walks alone name dozens: fewer means that this test reads them wrongly.
    expect(named).toBeGreaterThan(60);
  });
});

describe('metrics in documents', () => {
  it('are metrics that some process has', () => {
    const sources = typescriptFiles().filter(({ path }) => !path.endsWith('.spec.ts'));
    const code = sources.map(({ text }) => text).join('\n');
    const names = documents().flatMap((document) =>
      codeOf(proseOf(document))
        .filter((name) => /^tidemark_[a-z_]+$/.test(name))
        .map((name) => ({ name, path: document.path })),
    );
    // The broker's table leaves its prefix out.
    const isKnown = (name: string): boolean =>
      code.includes(`'${name}'`) ||
      (name.startsWith('tidemark_broker_') && code.includes(`'${name.slice('tidemark_broker_'.length)}'`));
    expect(names.length).toBeGreaterThan(5);
    expect(names.filter(({ name }) => !isKnown(name))).toEqual([]);
  });
});

describe('commands in documents', () => {
  const known = knownCommands();
  const scripts = Object.keys(
    (JSON.parse(read('package.json').text) as { scripts: Record<string, string> }).scripts,
  );

  it('can be typed', () => {
    const faults = documents().flatMap((document) => {
      const text = `${codeOf(proseOf(document)).join('\n')}\n${blocksOf(document)}`;
      const lines = [...text.matchAll(/npx tidemark ([^\n#|&;]*)/g)].map(([, line = '']) => line.trim());
      return lines
        .filter((line) => line !== '' && !line.startsWith('--') && !isKnown(line))
        .map((line) => `${document.path}: ${line}`);
    });
    expect(faults).toEqual([]);
  });

  it('are scripts of the workspace', () => {
    const faults = documents().flatMap((document) => {
      const text = `${codeOf(proseOf(document)).join('\n')}\n${blocksOf(document)}`;
      return [...text.matchAll(/npm (?:run )?([a-z-]+)/g)]
        .map(([, name = '']) => name)
        .filter((name) => !['ci', 'install', 'run', ...scripts].includes(name))
        .map((name) => `${document.path}: npm run ${name}`);
    });
    expect(faults).toEqual([]);
  });

  function isKnown(line: string): boolean {
    const words = line.split(/\s+/);
    const command =
      known.find(({ name }) => name === words.slice(0, 2).join(' ')) ??
      known.find(({ name }) => name === words[0]) ??
      // A group of commands may be named by its first word alone.
      (words.length === 1 && known.some(({ name }) => name.startsWith(`${words[0] ?? ''} `))
        ? { name: '', options: [] }
        : undefined);
    const options = words.filter((word) => /^--[a-z]/.test(word));
    return command !== undefined && options.every((option) => command.options.includes(option));
  }
});

describe('docs/adr', () => {
  const decisions = repositoryPaths().filter((path) => /^docs\/adr\/\d{4}-[a-z0-9-]+\.md$/.test(path));
  const heading = (path: string): string => /^# (.*)$/m.exec(read(path).text)?.[1] ?? '';

  it('numbers each decision once, without gaps, in its name and its heading', () => {
    const numbers = decisions.map((path) => Number(/\/(\d{4})-/.exec(path)?.[1]));
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    expect(decisions.map((path) => Number.parseInt(heading(path), 10))).toEqual(numbers);
  });

  it('says context, choice and price', () => {
    const sections = (path: string): string[] =>
      [...read(path).text.matchAll(/^## (.*)$/gm)].map(([, name = '']) => name);
    expect(decisions.filter((path) => sections(path).join() !== 'Context,Choice,Price')).toEqual([]);
  });

  it('has every decision in its index, under its heading', () => {
    const index = linksOf(read('docs/adr/README.md'));
    expect(index.map(({ target }) => target)).toEqual(decisions);
    expect(index.map(({ text }) => text)).toEqual(
      decisions.map((path) => heading(path).replace(/^\d+\. /, '')),
    );
  });
});

describe('docs/glossary.md', () => {
  it('has words that the code uses', () => {
    const code = typescriptFiles()
      .filter(({ path }) => !path.endsWith('.spec.ts'))
      .map(({ text }) => text.toLowerCase())
      .join('\n');
    const words = rowsOf(read('docs/glossary.md').text)
      .map(([word = '']) => word.replace(/\(.*\)/, '').trim())
      .filter((word) => word !== 'word');
    expect(words.length).toBeGreaterThan(30);
    // `high watermark` is highWatermark, high-watermark, high_watermark or the two words.
    const used = (word: string): boolean =>
      new RegExp(`\\b${word.split(' ').join('[ _-]?')}`).test(code) ||
      code.includes(word.replaceAll(' ', ''));
    expect(words.filter((word) => !used(word))).toEqual([]);
  });
});

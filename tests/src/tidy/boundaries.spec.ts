// The one-way dependencies and the five doors once more, read from the imports themselves: the lint rule for them is
// skipped without a word when no project graph is cached.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DOORS, EXEMPT, LAYERS, ONLY_IN } from '@tidemark/tools';
import { projectOf, ROOT, typescriptFiles, type SourceFile } from './sources.js';

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s[^'";]*?from\s+'([^']+)'|(?:^|\n)import\s+'([^']+)'|import\('([^']+)'\)/g;

const importsOf = (file: SourceFile): string[] =>
  [...file.text.matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? match[3] ?? '');

const tagOf = (project: string): string => {
  const manifest = JSON.parse(readFileSync(join(ROOT, project, 'package.json'), 'utf8')) as {
    nx: { tags: string[] };
  };
  return manifest.nx.tags[0] ?? '';
};

const GLOB: Readonly<Record<string, string>> = { '**/': '(?:.*/)?', '**': '.*', '*': '[^/]*', '.': '\\.' };

/** `**` spans folders and `*` does not; enough for the patterns of the table. */
const matcher = (pattern: string): RegExp =>
  new RegExp(`^${pattern.replace(/\*\*\/|\*\*|\*|\./g, (token) => GLOB[token] ?? token)}$`);

const exempt = EXEMPT.map(matcher);
const isExempt = (path: string): boolean => exempt.some((pattern) => pattern.test(path));

describe('boundaries', () => {
  const files = typescriptFiles();
  const layers = LAYERS as Record<string, string[]>;

  it('lets a project import only the layers below it, and only by their index', () => {
    const faults: string[] = [];
    for (const file of files) {
      const allowed = layers[tagOf(projectOf(file.path))] ?? [];
      const isSpec = file.path.endsWith('.spec.ts');
      for (const target of importsOf(file)) {
        if (target.startsWith('@tidemark/')) {
          const [, name = '', deep] = target.split('/');
          const project =
            name === 'tools'
              ? name
              : [
                    'contracts',
                    'decider',
                    'log',
                    'platform',
                    'replication',
                    'service',
                    'simulation',
                    'wire',
                  ].includes(name)
                ? `libs/${name}`
                : `apps/${name}`;
          const index = deep === undefined || (name === 'platform' && deep === 'node') || deep === 'testing';
          const own = project === projectOf(file.path);
          if (!index || (!own && !isSpec && !allowed.includes(tagOf(project)))) {
            faults.push(`${file.path} imports ${target}`);
          }
        } else if (target.startsWith('.')) {
          const resolved = join(file.path, '..', target);
          if (projectOf(resolved) !== projectOf(file.path) && !resolved.startsWith('tools/')) {
            faults.push(`${file.path} reaches into ${target}`);
          }
        }
      }
    }
    expect(faults).toEqual([]);
  });

  it('has no cycles between projects', () => {
    const edges = new Map<string, Set<string>>();
    for (const file of files.filter(({ path }) => !path.endsWith('.spec.ts'))) {
      for (const target of importsOf(file).filter((name) => name.startsWith('@tidemark/'))) {
        const to = `libs/${target.split('/')[1] ?? ''}`;
        const from = projectOf(file.path);
        if (to !== from) edges.set(from, (edges.get(from) ?? new Set()).add(to));
      }
    }
    const reaches = (from: string, goal: string, seen = new Set<string>()): boolean =>
      [...(edges.get(from) ?? [])].some(
        (next) => next === goal || (!seen.has(next) && reaches(next, goal, seen.add(next))),
      );
    expect([...edges.keys()].filter((project) => reaches(project, project))).toEqual([]);
  });

  it('lets nobody around the five doors', () => {
    const calls = [
      ...DOORS.globals.map((name: string) =>
        name === 'Date' ? /\bnew Date\b|\bDate\.(?:now|parse|UTC)\b/ : new RegExp(`\\b${name}\\(`),
      ),
      /\bMath\.random\b/,
      /\bprocess\.env\b/,
      /\bperformance\.now\b/,
    ];
    const faults: string[] = [];
    for (const file of files.filter(({ path }) => !isExempt(path))) {
      const code = file.text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '');
      for (const target of importsOf(file)) {
        if (DOORS.modules.includes(target.replace(/^node:/, '')))
          faults.push(`${file.path} imports ${target}`);
      }
      for (const call of calls) if (call.test(code)) faults.push(`${file.path} uses ${call.source}`);
    }
    expect(faults).toEqual([]);
  });

  it('keeps each foreign package in its place', () => {
    const faults = files.flatMap((file) =>
      importsOf(file).flatMap((target) =>
        Object.entries(ONLY_IN as Record<string, string[]>)
          .filter(
            ([name]) =>
              target === name ||
              target.startsWith(`${name}/`) ||
              (name.endsWith('/') && target.startsWith(name)),
          )
          .filter(
            ([, places]) =>
              !file.path.endsWith('.spec.ts') && !places.some((place) => file.path.startsWith(place)),
          )
          .map(() => `${file.path} imports ${target}`),
      ),
    );
    expect(faults).toEqual([]);
  });
});

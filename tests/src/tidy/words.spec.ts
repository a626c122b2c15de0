// Names and words: one noun per concept, no drawers for odds and ends, no notes to self, and every file says what it is.
import { read, repositoryPaths, typescriptFiles } from './sources.js';

const DRAWERS =
  /^(?:utils?|helpers?|common|manager|base|impl|misc|shared|abstract-.*|.*-(?:utils?|helpers?|impl))$/;
const TEXT = /\.(?:ts|mjs|js|json|md|ya?ml|sh|sql|html)$/;

describe('words', () => {
  const paths = repositoryPaths();

  it('has no drawers in file and folder names', () => {
    const faults = paths.filter((path) =>
      path
        .replace('apps/application-manager/', 'apps/')
        .split('/')
        .some((part) => DRAWERS.test(part.replace(/(?:\.spec)?\.[a-z]+$/, ''))),
    );
    expect(faults).toEqual([]);
  });

  it('names files in kebab case', () => {
    const faults = typescriptFiles()
      .map(({ path }) => path)
      .filter((path) => !/^[a-z0-9]+(?:[-.][a-z0-9]+)*\.ts$/.test(path.slice(path.lastIndexOf('/') + 1)));
    expect(faults).toEqual([]);
  });

  it('opens every file with a paragraph on what it is', () => {
    const faults = typescriptFiles()
      .filter(({ path }) => !path.endsWith('/index.ts'))
      .filter(({ text }) => !/^(?:#!.*\n)?(?:\/\*\*|\/\/)/.test(text))
      .map(({ path }) => path);
    expect(faults).toEqual([]);
  });

  it('leaves no notes to self', () => {
    // Spelled in pieces so that this file does not find itself.
    const notes = new RegExp(`\\b(?:${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X', 'HA' + 'CK'].join('|')})\\b`);
    const faults = paths
      .filter((path) => TEXT.test(path) && !path.endsWith('package-lock.json'))
      .filter((path) => notes.test(read(path).text));
    expect(faults).toEqual([]);
  });

  it('switches no check off without saying why', () => {
    const faults = typescriptFiles().flatMap(({ path, text }) =>
      [...text.matchAll(/(?:eslint-disable|@ts-(?:ignore|expect-error|nocheck))[^\n]*/g)]
        .map(([line]) => line)
        .filter((line) => !/ -- \S/.test(line) && !/@ts-expect-error \S/.test(line))
        .map((line) => `${path}: ${line}`),
    );
    expect(faults.filter((fault) => !fault.includes('tidy/words.spec.ts'))).toEqual([]);
  });
});

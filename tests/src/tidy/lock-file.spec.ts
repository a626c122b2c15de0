// npm drops platform packages that a registry does not have from the lock file, and `npm ci` then fails elsewhere:
// every optional dependency that the lock names must have an entry of its own.
import { read } from './sources.js';

interface LockEntry {
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly resolved?: string;
}

describe('package-lock.json', () => {
  const packages = (JSON.parse(read('package-lock.json').text) as { packages: Record<string, LockEntry> })
    .packages;

  it('has an entry for every optional dependency of every platform', () => {
    const missing = Object.entries(packages).flatMap(([path, entry]) =>
      Object.keys(entry.optionalDependencies ?? {})
        .filter((name) => packages[`${path}/node_modules/${name}`] === undefined)
        .filter((name) => packages[`node_modules/${name}`] === undefined)
        .map((name) => `${path} -> ${name}`),
    );
    expect(missing).toEqual([]);
  });

  it('names no registry host', () => {
    const hosts = Object.values(packages).filter((entry) => /^https?:/.test(entry.resolved ?? ''));
    expect(hosts).toEqual([]);
  });
});

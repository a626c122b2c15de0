// One jest configuration for every project: real ES modules, TypeScript stripped by swc, and workspace
// packages taken from source (the `@tidemark/source` export condition), so that no build is needed.
import { readdirSync } from 'node:fs';

const transform = {
  '^.+\\.ts$': [
    '@swc/jest',
    {
      jsc: {
        parser: { syntax: 'typescript', decorators: true },
        target: 'es2022',
        keepClassNames: true,
        transform: { legacyDecorator: true, decoratorMetadata: true },
      },
      module: { type: 'es6' },
      sourceMaps: 'inline',
    },
  ],
};

const project = (directory) => ({
  displayName: directory,
  rootDir: directory,
  roots: ['<rootDir>/src'],
  testEnvironment: 'node',
  testRegex: '\\.spec\\.ts$',
  extensionsToTreatAsEsm: ['.ts'],
  testEnvironmentOptions: { customExportConditions: ['@tidemark/source', 'node', 'node-addons'] },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform,
});

const folders = (parent) =>
  readdirSync(new URL(parent, import.meta.url), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => `${parent}/${entry.name}`);

export default {
  // A bound for what hangs, not a measure: the machine may be busy with other suites.
  testTimeout: 60_000,
  maxWorkers: 2,
  projects: [...folders('libs'), ...folders('apps'), 'tests', 'benchmarks'].map(project),
};

// Who may import whom, and what hides behind a door: the one table that eslint.config.mjs turns into lint rules
// and tests/src/tidy/boundaries.spec.ts checks once more, because the Nx rule is skipped without a project graph.

/** Project tag -> tags of the projects it may import. */
export const LAYERS = {
  'layer:platform': [],
  'layer:wire': ['layer:platform'],
  'layer:log': ['layer:wire', 'layer:platform'],
  'layer:decider': ['layer:platform'],
  'layer:replication': ['layer:platform'],
  'layer:contracts': [],
  'layer:service': ['layer:contracts', 'layer:decider', 'layer:platform'],
  'scope:broker': ['layer:wire', 'layer:log', 'layer:replication', 'layer:decider', 'layer:platform'],
  // Whole brokers in one process; nobody imports it but tests.
  'layer:simulation': [
    'scope:broker',
    'layer:wire',
    'layer:log',
    'layer:replication',
    'layer:decider',
    'layer:platform',
  ],
  'scope:service': ['layer:service', 'layer:contracts', 'layer:decider', 'layer:platform'],
  'scope:cli': ['layer:platform', 'layer:wire', 'layer:log', 'layer:contracts'],
  'layer:test': [
    'layer:platform',
    'layer:wire',
    'layer:log',
    'layer:decider',
    'layer:replication',
    'layer:simulation',
    'layer:contracts',
    'layer:service',
    'layer:tools',
  ],
  'layer:tools': [],
};

/** What only libs/platform/src/node and each main.ts may touch. */
export const DOORS = {
  modules: [
    'fs',
    'fs/promises',
    'net',
    'dns',
    'timers',
    'timers/promises',
    'worker_threads',
    'child_process',
  ],
  globals: ['Date', 'setTimeout', 'setInterval', 'setImmediate'],
};

/** Paths that need no door: they are the outside world of the program, or its edge. */
export const EXEMPT = [
  'libs/platform/src/node/**',
  '**/main.ts',
  'apps/cli/**',
  'tests/**',
  'benchmarks/**',
  'tools/**',
  '**/*.spec.ts',
  '**/testing/**',
];

/** Packages that may appear in one place only. */
export const ONLY_IN = {
  kafkajs: ['libs/service/src/kafka', 'tests', 'benchmarks'],
  '@nestjs/': [
    'libs/service',
    'apps/api-server',
    'apps/application-manager',
    'apps/metadata-server',
    'tests',
  ],
};

export * from './coordinator-key.js';
export * from './group-metadata.js';
export * from './offset-commit.js';

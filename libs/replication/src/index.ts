export * from './quorum/index.js';
export * from './isr/index.js';

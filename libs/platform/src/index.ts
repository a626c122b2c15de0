export * from './assert.js';
export * from './clock.js';
export * from './disk.js';
export * from './file-tree.js';
export * from './network.js';
export * from './processes.js';
export * from './random.js';

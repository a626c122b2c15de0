export * from './api.js';
export * from './bytes/index.js';
export * from './error-codes.js';
export * from './frame.js';
export * from './header.js';
export * from './messages/index.js';
export * from './record-batch/index.js';
export * from './schema/index.js';

export * from './decider.js';
export * from './event-id.js';
export * from './event-log.js';
export * from './given-when-then.js';
export * from './memory-event-log.js';
export * from './shard.js';

/** Record batches, format 2: header fields in place, validation, records, compression, control records. */
export * from './batch-header.js';
export * from './check-batch.js';
export * from './compression-error.js';
export * from './compression.js';
export * from './control.js';
export * from './record-cursor.js';
export * from './records.js';

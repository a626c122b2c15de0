export * from './canonical-json.js';
export * from './catalog/application.js';
export * from './catalog/arguments.js';
export * from './catalog/catalog-fold.js';
export * from './catalog/data-product.js';
export * from './envelope/envelope.js';
export { headerText, HEADERS, type RawHeaders } from './envelope/headers.js';
export * from './experiment/evolve.js';
export * from './experiment/experiment-table.js';
export * from './experiment/job-table.js';
export * from './experiment/process-table.js';
export * from './experiment/state.js';
export * from './experiment/statuses.js';
export * from './experiment/table.js';
export * from './experiment/verdict.js';
export * from './http/problems.js';
export * from './http/requests.js';
export * from './ids.js';
export * from './inputs.js';
export * from './messages/catalog-events.js';
export * from './messages/commands.js';
export * from './messages/experiment-events.js';
export * from './messages/message-types.js';
export * from './messages/observations.js';
export * from './messages/process-events.js';
export * from './messages/queries.js';
export * from './messages/replies.js';
export * from './messages/values.js';
export * from './position.js';
export * from './projection/metadata-fold.js';
export * from './projection/projection-rows.js';
export * from './projection/row-hash.js';
export {
  type ColumnType,
  METADATA_TABLES,
  type MetadataRow,
  type MetadataTable,
  rowKey,
  type Row as ProjectionRow,
  type TableDefinition,
} from './projection/tables.js';
export * from './projection/views.js';
export * from './reason-codes.js';
export * from './time.js';
export * from './topics.js';

/** The field words (`string`, `arrayOf` and so on) come as one name, `fields`, so that they stay out of everyone's way. */
export { completed } from './complete.js';
export type { AnyField, Decoded, Encodable, Field, FieldMap } from './field.js';
export * as fields from './fields.js';
export { NEVER_FLEXIBLE, Schema, type AnySchema, type SchemaOptions, type VersionRange } from './schema.js';

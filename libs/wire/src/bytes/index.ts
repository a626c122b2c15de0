export { ByteReader } from './reader.js';
export { ByteWriter, type ByteWriterOptions } from './writer.js';
export { ZERO_UUID } from './uuid.js';
export * from './varint.js';
export { WireError } from './wire-error.js';

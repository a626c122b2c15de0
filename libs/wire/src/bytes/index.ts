export { crc32c } from './crc32c.js';
export { ByteReader } from './reader.js';
export { ByteWriter, type ByteWriterOptions } from './writer.js';
export { getInt64, setInt64 } from './int64.js';
export { ZERO_UUID } from './uuid.js';
export * from './varint.js';
export { WireError } from './wire-error.js';

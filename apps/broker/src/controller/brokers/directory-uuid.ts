/**
 * A data directory's id as a UUID of 36 characters, which is how messages and records carry it; `meta.properties` has
 * it as Kafka writes it (base64url of the same 16 bytes). Pure.
 */

const UUID = /^([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/;

export function directoryUuid(stored: string): string {
  if (stored.length === 36) return stored.toLowerCase();
  const hex = Buffer.from(stored, 'base64url').toString('hex');
  return hex.replace(UUID, '$1-$2-$3-$4-$5');
}

/** The other way round. */
export function storedDirectory(uuid: string): string {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex').toString('base64url');
}

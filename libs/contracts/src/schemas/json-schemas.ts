/**
 * The JSON Schema of every message type, one per `type@version`, as committed under `schemas/` for readers in other
 * languages and for the check that no change leaves old records unreadable.
 */
import { z } from 'zod';
import { MESSAGE_TYPES, type MessageType, type MessageTypeDefinition } from '../messages/message-types.js';
import type { JsonSchema } from './compatibility.js';

export function schemaFileName(type: string, version: number): string {
  return `${type}@${version}.json`;
}

/** What may be written; refinements that JSON Schema cannot say are left to the zod schema. */
export function jsonSchemaOf(type: MessageType): JsonSchema {
  const { payload, version, topic }: MessageTypeDefinition = MESSAGE_TYPES[type];
  const schema = z.toJSONSchema(payload, { io: 'input', unrepresentable: 'any' });
  return {
    ...schema,
    title: `${type}@${version}`,
    description: `The value of a ${type} record on ${topic}.`,
  };
}

export function jsonSchemaText(type: MessageType): string {
  return `${JSON.stringify(jsonSchemaOf(type), null, 2)}\n`;
}

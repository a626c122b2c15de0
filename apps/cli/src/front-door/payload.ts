/**
 * A request's body as it can be forwarded: small ones in memory, so that they can be sent a second time; larger
 * ones as the stream they are.
 */
import { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';

/** Submissions are far smaller; uploads of files are larger and carry on as streams. */
const REPEATABLE_MAX_BYTES = 1024 * 1024;

export async function readPayload(request: FastifyRequest): Promise<Buffer | Readable | undefined> {
  const stream = request.body;
  if (!(stream instanceof Readable)) return undefined;
  const declared = Number(request.headers['content-length'] ?? Number.NaN);
  // Without a length its size is unknown until it has been read, so it is passed on as it comes.
  if (!(declared <= REPEATABLE_MAX_BYTES)) return stream;
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/**
 * Sends bytes of the content store: whole, or the range that was asked for, streamed piece by piece. Called by the
 * controllers of data products and of job output.
 */
import { Readable } from 'node:stream';
import type { ContentStore } from '@tidemark/service';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from '../problems/problem.js';
import { byteRangeOf } from './byte-range.js';

export interface SentContent {
  readonly sha256: string;
  readonly bytes: number;
  readonly contentType: string;
  /** What a browser should call it; left out: shown in place. */
  readonly fileName?: string;
}

export function sendContent(
  content: ContentStore,
  wanted: SentContent,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const etag = `"${wanted.sha256}"`;
  const headers: Record<string, string> = {
    'content-type': wanted.contentType,
    'accept-ranges': 'bytes',
    etag,
    // Users' bytes must never run as a page of ours.
    'x-content-type-options': 'nosniff',
    'content-security-policy': 'sandbox',
    'repr-digest': `sha-256=:${Buffer.from(wanted.sha256, 'hex').toString('base64')}:`,
  };
  if (wanted.fileName !== undefined) {
    headers['content-disposition'] = `attachment; filename*=UTF-8''${encodeURIComponent(wanted.fileName)}`;
  }
  if (request.headers['if-none-match'] === etag) return reply.status(304).headers(headers).send();
  const range = byteRangeOf(request.headers.range, wanted.bytes);
  if (range.kind === 'unsatisfiable') {
    throw new Problem('range-not-satisfiable', `There are ${wanted.bytes} bytes.`, {
      headers: { 'content-range': `bytes */${wanted.bytes}` },
    });
  }
  const { first, last } = range.kind === 'part' ? range : { first: 0, last: wanted.bytes - 1 };
  const pieces = content.read(wanted.sha256, { first, last });
  if (pieces === undefined) throw new Problem('not-found', 'The content is not in the content store.');
  headers['content-length'] = String(last - first + 1);
  if (range.kind === 'part') headers['content-range'] = `bytes ${first}-${last}/${wanted.bytes}`;
  return reply
    .status(range.kind === 'part' ? 206 : 200)
    .headers(headers)
    .send(Readable.from(pieces, { objectMode: false }));
}

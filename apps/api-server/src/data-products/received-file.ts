/**
 * One file out of a request, as a stream that nobody has read yet: the raw body under the name of the query, or the
 * first file of a multipart form under its own. Whatever the client calls the file must be one plain name.
 */
import type { Readable } from 'node:stream';
import type { MultipartFile } from '@fastify/multipart';
import { fileNameSchema } from '@tidemark/contracts';
import type { FastifyRequest } from 'fastify';
import { Problem } from '../problems/problem.js';

export interface ReceivedFile {
  readonly name: string;
  readonly contentType: string;
  readonly bytes: AsyncIterable<Uint8Array>;
}

type MultipartRequest = FastifyRequest & {
  isMultipart(): boolean;
  file(): Promise<MultipartFile | undefined>;
};

export async function receivedFile(
  request: FastifyRequest,
  queryName: string | undefined,
): Promise<ReceivedFile> {
  if ((request as MultipartRequest).isMultipart()) {
    const part = await (request as MultipartRequest).file();
    if (part === undefined) throw new Problem('malformed', 'The form holds no file.');
    const name = checkedName(queryName ?? part.filename);
    return { name, contentType: part.mimetype, bytes: part.file as AsyncIterable<Uint8Array> };
  }
  if (queryName === undefined) {
    throw new Problem('malformed', 'The file needs a name: ?name=', {
      errors: [{ pointer: '/name', code: 'required', message: 'a file name is required' }],
    });
  }
  const bytes = request.body as Readable | undefined;
  if (bytes === undefined) throw new Problem('malformed', 'The request has no body.');
  return {
    name: queryName,
    contentType: 'application/octet-stream',
    bytes: bytes as AsyncIterable<Uint8Array>,
  };
}

function checkedName(name: string): string {
  const checked = fileNameSchema.safeParse(name);
  if (checked.success) return checked.data;
  const message = checked.error.issues[0]?.message ?? 'not a file name';
  throw new Problem('validation', `The file's name is not usable: ${message}`, {
    errors: [{ pointer: '/filename', code: 'file-name', message }],
  });
}

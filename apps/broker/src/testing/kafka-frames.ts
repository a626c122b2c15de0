/**
 * Requests as bytes and answers read back, for specs that speak to a broker without a client library.
 */
import {
  ByteReader,
  ByteWriter,
  readAnswer,
  writeRequestFrame,
  type Api,
  type Decoded,
  type Encodable,
  type FieldMap,
} from '@tidemark/wire';

export interface FrameOptions {
  readonly version: number;
  readonly correlationId?: number;
  readonly clientId?: string | null;
}

/** One request frame, prefix included. */
export function requestFrame<Q extends FieldMap, P extends FieldMap>(
  api: Api<Q, P>,
  { version, correlationId = 1, clientId = 'spec' }: FrameOptions,
  request: Encodable<Q>,
): Buffer {
  const writer = new ByteWriter();
  writeRequestFrame(writer, api, { apiVersion: version, correlationId, clientId }, request);
  return Buffer.from(writer.written());
}

/** The whole frames in `bytes`, each without its prefix. */
export function framesIn(bytes: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at + 4 <= bytes.length;) {
    const size = bytes.readInt32BE(at);
    if (at + 4 + size > bytes.length) break;
    frames.push(bytes.subarray(at + 4, at + 4 + size));
    at += 4 + size;
  }
  return frames;
}

export const correlationIdOf = (frame: Buffer): number => frame.readInt32BE(0);

/** Reads an answer's header and body. */
export function answerIn<Q extends FieldMap, P extends FieldMap>(
  api: Api<Q, P>,
  version: number,
  frame: Buffer,
): Decoded<P> {
  return readAnswer(new ByteReader(frame), api, version).answer;
}

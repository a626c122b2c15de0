/**
 * Frames: every request and response is preceded by its size, four bytes. Finds whole frames in received bytes without
 * copying them, and puts the size in front of what was written. Pure functions; the connection owns buffers and
 * decides what happens with an illegal size (it closes).
 */
import { WireError } from './bytes/wire-error.js';
import type { ByteWriter } from './bytes/writer.js';

/** Bytes of the size in front of a frame. */
export const FRAME_PREFIX_BYTES = 4;
/** Largest frame that a broker takes by default (Kafka's `socket.request.max.bytes`). */
export const FRAME_BYTES_MAX = 104_857_600;

/**
 * The size of the frame whose prefix starts at `at`, without the prefix; undefined when fewer than four bytes are
 * there. Throws `WireError` for a size that is negative, zero or beyond `frameBytesMax`.
 */
export function frameSize(
  bytes: Uint8Array,
  at: number,
  end: number,
  frameBytesMax = FRAME_BYTES_MAX,
): number | undefined {
  if (end - at < FRAME_PREFIX_BYTES) return undefined;
  const size =
    ((bytes[at] ?? 0) << 24) |
    ((bytes[at + 1] ?? 0) << 16) |
    ((bytes[at + 2] ?? 0) << 8) |
    (bytes[at + 3] ?? 0);
  if (size <= 0 || size > frameBytesMax) throw new WireError(`frame of ${size} bytes`);
  return size;
}

/** Writes one frame: `write` writes header and body, the size is patched in front. Nothing stays when it throws. */
export function writeFrame(writer: ByteWriter, write: (writer: ByteWriter) => void): void {
  const frame = beginFrame(writer);
  try {
    write(writer);
  } catch (error) {
    writer.rewind(frame);
    throw error;
  }
  endFrame(writer, frame);
}

/** Where a frame began: give it to `endFrame`, or to the writer's `rewind` to drop the frame. */
export interface FrameMark {
  readonly position: number;
  readonly byteLength: number;
}

export function beginFrame(writer: ByteWriter): FrameMark {
  const mark = { position: writer.position, byteLength: writer.byteLength };
  writer.reserve(FRAME_PREFIX_BYTES);
  return mark;
}

export function endFrame(writer: ByteWriter, mark: FrameMark): void {
  writer.patchInt32(mark.position, writer.byteLength - mark.byteLength - FRAME_PREFIX_BYTES);
}

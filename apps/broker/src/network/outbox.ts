/**
 * Answers of one connection on their way out. Holds one buffer that answers are encoded into and, while the socket has
 * not taken all of an earlier one, that one too: bytes given to the socket must not change until they are gone. The
 * connection encodes into `writer` and calls `send` once per turn of the event loop.
 */
import type { Connection } from '@tidemark/platform';
import { ByteWriter } from '@tidemark/wire';

const INITIAL_BYTES = 1024;
/** Buffers kept for reuse are not larger than this: one ordinary fetch answer. */
const KEEP_BYTES = 1280 * 1024;

export class Outbox {
  /** Where the next answer goes. */
  writer = new ByteWriter({ initialBytes: INITIAL_BYTES });
  private spare: ByteWriter | undefined;
  /** Buffers that the socket still reads from. */
  private taken: ByteWriter[] = [];

  constructor(private readonly connection: Connection) {}

  /** Bytes encoded and not yet sent. */
  get unsentBytes(): number {
    return this.writer.byteLength;
  }

  /** Hands everything encoded so far to the socket. False: enough for now, the connection will say `drained`. */
  send(): boolean {
    const length = this.writer.byteLength;
    if (length === 0) return true;
    if (this.connection.pendingBytes === 0) this.reclaim();
    const more = this.connection.write(this.writer.written());
    if (this.connection.pendingBytes === 0) {
      this.writer = Outbox.reusable(this.writer, length);
      return true;
    }
    this.taken.push(this.writer);
    this.writer = this.spare ?? new ByteWriter({ initialBytes: INITIAL_BYTES });
    this.spare = undefined;
    return more;
  }

  /** The socket has taken everything: its buffers can be written to again. */
  reclaim(): void {
    const last = this.taken.pop();
    if (last !== undefined) this.spare ??= Outbox.reusable(last, last.byteLength);
    this.taken.length = 0;
  }

  private static reusable(writer: ByteWriter, length: number): ByteWriter {
    if (length > KEEP_BYTES) return new ByteWriter({ initialBytes: INITIAL_BYTES });
    writer.reset();
    return writer;
  }
}

/**
 * Answers of one connection on their way out. Holds one buffer that answers are encoded into and, while the socket has
 * not taken all of an earlier one, that one too: bytes given to the socket must not change until they are gone. The
 * connection encodes into `writer` and calls `send` once per turn of the event loop.
 *
 * Records that somebody lends until they are sent (`onTaken`) are not copied: the socket reads them where they lie.
 */
import type { Connection } from '@tidemark/platform';
import { ByteWriter } from '@tidemark/wire';

const INITIAL_BYTES = 1024;
/** Buffers kept for reuse are not larger than this: a large fetch answer. */
const KEEP_BYTES = 4 * 1024 * 1024;
/** So many small answers in a row let a large buffer go. */
const SMALL_SENDS = 64;

export class Outbox {
  /** Where the next answer goes. */
  writer = new ByteWriter({ initialBytes: INITIAL_BYTES });
  private spare: ByteWriter | undefined;
  /** Buffers that the socket still reads from. */
  private taken: ByteWriter[] = [];
  /** Who lent bytes that the socket still reads from, or will. */
  private lenders: (() => void)[] = [];
  /** The longest send since buffers were last let go, and how many have been far shorter since. */
  private longest = 0;
  private smallSends = 0;

  constructor(private readonly connection: Connection) {}

  /** Bytes encoded and not yet sent. */
  get unsentBytes(): number {
    return this.writer.byteLength;
  }

  /** Calls `listener` once when what is encoded so far has been taken by the socket, or never will be. */
  onTaken(listener: () => void): void {
    this.lenders.push(listener);
  }

  /** Hands everything encoded so far to the socket. False: enough for now, the connection will say `drained`. */
  send(): boolean {
    const length = this.writer.byteLength;
    if (length === 0) return true;
    if (this.connection.pendingBytes === 0) this.reclaimBuffers();
    const more = this.writer.holdsReferences
      ? this.connection.writeAll(this.writer.chunks())
      : this.connection.write(this.writer.written());
    this.remember(this.writer.position);
    if (this.connection.pendingBytes === 0) {
      this.giveBack();
      this.writer = this.reusable(this.writer);
      return true;
    }
    this.taken.push(this.writer);
    this.writer = this.spare ?? new ByteWriter({ initialBytes: INITIAL_BYTES });
    this.spare = undefined;
    return more;
  }

  /** The socket has taken everything: its buffers can be written to again. */
  reclaim(): void {
    this.reclaimBuffers();
    if (this.writer.byteLength === 0) this.giveBack();
  }

  /** Nobody reads what was lent: the socket has it all, or is gone. */
  giveBack(): void {
    const { lenders } = this;
    if (lenders.length === 0) return;
    this.lenders = [];
    for (const lender of lenders) lender();
  }

  private reclaimBuffers(): void {
    const last = this.taken.pop();
    if (last !== undefined) this.spare ??= this.reusable(last);
    this.taken.length = 0;
  }

  private remember(length: number): void {
    if (length * 8 >= this.longest) {
      this.smallSends = 0;
      this.longest = Math.max(this.longest, length);
    } else this.smallSends += 1;
  }

  /** The same buffer, empty; or a small one, when it is larger than what is sent through it. */
  private reusable(writer: ByteWriter): ByteWriter {
    const large = this.longest > INITIAL_BYTES && this.smallSends >= SMALL_SENDS;
    if (this.longest > KEEP_BYTES || large) {
      this.longest = this.smallSends = 0;
      this.spare = undefined;
      return new ByteWriter({ initialBytes: INITIAL_BYTES });
    }
    writer.reset();
    return writer;
  }
}

/**
 * The output of one job's stream as far as it has come through the topic: contiguous bytes from `start`, the oldest
 * dropped when there are too many. Pure state, fed by `LiveOutput`. Chunks may come twice (a manager that took over
 * sends from where the topic ends): what is known already is passed over; a hole cannot be filled and is skipped.
 */

export class OutputBuffer {
  readonly #pieces: Buffer[] = [];
  #start = 0;
  #end = 0;

  constructor(private readonly bytesMax: number) {}

  /** The first byte still held. */
  get start(): number {
    return this.#start;
  }

  /** Behind the last byte received. */
  get end(): number {
    return this.#end;
  }

  get bytes(): number {
    return this.#end - this.#start;
  }

  append(offset: number, bytes: Buffer): void {
    if (offset > this.#end || this.#pieces.length === 0) {
      if (offset + bytes.length <= this.#end) return;
      this.#pieces.length = 0;
      this.#start = offset;
      this.#end = offset;
    }
    const fresh = bytes.subarray(this.#end - offset);
    if (fresh.length === 0) return;
    this.#pieces.push(fresh);
    this.#end += fresh.length;
    while (this.bytes > this.bytesMax && this.#pieces.length > 1)
      this.#start += this.#pieces.shift()?.length ?? 0;
  }

  /** The bytes from `first` (or from the oldest held) up to `end`. */
  read(first: number, end = this.#end): Buffer {
    const from = Math.max(first, this.#start) - this.#start;
    const to = Math.min(end, this.#end) - this.#start;
    return to <= from ? Buffer.alloc(0) : Buffer.concat(this.#pieces).subarray(from, to);
  }
}

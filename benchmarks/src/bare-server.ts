/**
 * The yardstick for the broker's produce path: the least that a Node process can do with a produce request. One
 * process that receives into one buffer, finds the frames, takes the native CRC32C of each record batch, copies the
 * batch into a staging area, appends that to one file with one writeSync per MiB, and answers with the correlation id.
 * No offsets, no topics, no index, no check of anything. Run by `broker-bench.ts` as `node bare-server.js FILE`; prints
 * its port as one line of JSON.
 *
 * With ports of other bare servers behind the file it is the yardstick for replication: it forwards what it receives to
 * each of them as well, and answers when all of them have.
 */
import { writeSync, openSync } from 'node:fs';
import { nodeNetwork } from '@tidemark/platform/node';
import type { Connection, ConnectionOwner } from '@tidemark/platform';
import { crc32c } from '@node-rs/crc32';

const BUFFER_BYTES = 4 * 1024 * 1024;
const STAGING_BYTES = 1024 * 1024;
/** Where a batch's checksummed part begins. */
const CRC_FROM = 21;
const ANSWER_BYTES = 8;

/** Appends to one file, a MiB at a time. */
class Appender {
  private readonly staging = Buffer.allocUnsafeSlow(4 * STAGING_BYTES);
  private staged = 0;
  private position = 0;

  constructor(private readonly file: number) {}

  append(bytes: Buffer): void {
    if (this.staged + bytes.length > this.staging.length) this.write();
    bytes.copy(this.staging, this.staged);
    this.staged += bytes.length;
    if (this.staged >= STAGING_BYTES) this.write();
  }

  private write(): void {
    const written = writeSync(this.file, this.staging, 0, this.staged, this.position);
    if (written !== this.staged) throw new Error(`wrote ${written} of ${this.staged} bytes`);
    this.position += written;
    this.staged = 0;
  }
}

/** Another bare server, of which only the number of answers counts. */
class Follower implements ConnectionOwner {
  private readonly space = Buffer.allocUnsafeSlow(64 * 1024);
  private bytes = 0;

  constructor(
    readonly connection: Connection,
    private readonly onAnswers: () => void,
  ) {}

  get answered(): number {
    return Math.floor(this.bytes / ANSWER_BYTES);
  }

  receiveSpace(): Uint8Array {
    return this.space;
  }

  received(count: number): void {
    this.bytes += count;
    this.onAnswers();
  }

  drained(): void {
    // Clients have a bounded number of requests under way; so has what is forwarded.
  }

  closed(): void {
    process.exit(1);
  }
}

/** Sends frames on, and answers those that all followers have answered, in order. */
class Forwarding {
  private readonly followers: Follower[] = [];
  private waiting: { readonly connection: Connection; readonly answer: Buffer }[] = [];
  private done = 0;

  async to(port: number): Promise<void> {
    const connection = await nodeNetwork.connect({ host: '127.0.0.1', port }, 5_000);
    const follower = new Follower(connection, () => this.answer());
    connection.attach(follower);
    this.followers.push(follower);
  }

  get isNeeded(): boolean {
    return this.followers.length > 0;
  }

  forward(frames: Buffer, connection: Connection, answers: readonly Buffer[]): void {
    for (const answer of answers) this.waiting.push({ connection, answer });
    for (const follower of this.followers) follower.connection.write(frames);
  }

  private answer(): void {
    const answered = Math.min(...this.followers.map((follower) => follower.answered));
    for (const { connection, answer } of this.waiting.splice(0, answered - this.done))
      connection.write(answer);
    this.done = answered;
  }
}

class BareConnection implements ConnectionOwner {
  private buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  private start = 0;
  private end = 0;
  private answers = Buffer.allocUnsafeSlow(64 * 1024);
  checksum = 0;

  constructor(
    private readonly connection: Connection,
    private readonly appender: Appender,
    private readonly forwarding: Forwarding,
  ) {}

  receiveSpace(): Uint8Array {
    if (this.start === this.end) this.start = this.end = 0;
    else if (this.buffer.length - this.end < BUFFER_BYTES / 2) {
      this.buffer.copyWithin(0, this.start, this.end);
      this.end -= this.start;
      this.start = 0;
    }
    return this.buffer.subarray(this.end);
  }

  received(count: number): void {
    this.end += count;
    let answered = 0;
    const from = this.start;
    while (this.end - this.start >= 4) {
      const size = this.buffer.readInt32BE(this.start);
      if (this.end - this.start < 4 + size) break;
      const batch = this.batchIn(this.start + 4, this.start + 4 + size);
      this.checksum ^= crc32c(batch.subarray(CRC_FROM));
      this.appender.append(batch);
      this.answers.writeInt32BE(ANSWER_BYTES - 4, answered);
      this.buffer.copy(this.answers, answered + 4, this.start + 8, this.start + 12);
      answered += ANSWER_BYTES;
      this.start += 4 + size;
    }
    if (answered === 0) return;
    if (this.forwarding.isNeeded) {
      const answers: Buffer[] = [];
      for (let at = 0; at < answered; at += ANSWER_BYTES) {
        answers.push(Buffer.from(this.answers.subarray(at, at + ANSWER_BYTES)));
      }
      this.forwarding.forward(Buffer.from(this.buffer.subarray(from, this.start)), this.connection, answers);
      return;
    }
    this.connection.write(this.answers.subarray(0, answered));
    if (this.connection.pendingBytes > 0) this.answers = Buffer.allocUnsafeSlow(this.answers.length);
  }

  /** The records of a Produce version 7 request for one topic and partition, found by skipping what is before. */
  private batchIn(start: number, end: number): Buffer {
    let at = start + 8;
    at += 2 + this.buffer.readInt16BE(at); // client id
    at += 2 + 2 + 4 + 4; // no transactional id, acks, timeout, one topic
    at += 2 + this.buffer.readInt16BE(at); // topic name
    at += 4 + 4 + 4; // one partition, its index, size of the records
    return this.buffer.subarray(at, end);
  }

  drained(): void {
    // Answers are a few bytes each; whoever does not read them is not served well, which is what bare means.
  }

  closed(): void {
    // Nothing to clean up.
  }
}

const [path, ...ports] = process.argv.slice(2);
if (path === undefined) throw new Error('usage: bare-server FILE [FOLLOWER-PORT...]');
const appender = new Appender(openSync(path, 'w'));
const forwarding = new Forwarding();
for (const port of ports) await forwarding.to(Number(port));
const listener = await nodeNetwork.listen({ host: '127.0.0.1', port: 0 }, (connection) =>
  connection.attach(new BareConnection(connection, appender, forwarding)),
);
process.stdout.write(`${JSON.stringify({ port: listener.address.port })}\n`);

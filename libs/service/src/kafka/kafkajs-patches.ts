/**
 * Five corrections to kafkajs 2.2.4 and one addition, whose last release is of February 2023. Importing this module applies them, once
 * per process; `kafka-client.ts` does. Each changes one method and is checked by a spec, so that another version of
 * kafkajs cannot silently undo it.
 */
import Batch from 'kafkajs/src/consumer/batch.js';
import ConsumerGroup from 'kafkajs/src/consumer/consumerGroup.js';
import createSocketFactory from 'kafkajs/src/network/socketFactory.js';
import Decoder from 'kafkajs/src/protocol/decoder.js';
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';

/** What an assigner of ours says of its consumer beside: it is the one object of ours that a consumer group knows. */
export interface ConsumerHooks {
  /** Told of a position outside the log. */
  offsetOutOfRange(topic: string, partition: number): void;
  /** Resolves when the consumer may ask again after a fetch that came to the logs' ends; nothing: at once. */
  readonly rest: (() => Promise<void>) | undefined;
}

function hooksOf(group: typeof ConsumerGroup.prototype): ConsumerHooks | undefined {
  return group.assigners.find(
    (assigner): assigner is ConsumerHooks => 'offsetOutOfRange' in assigner && 'rest' in assigner,
  );
}

/**
 * Idle connections: every connection re-arms a timer of 1 ms for ever once it has had a response, 2 % of a core per
 * idle process (tulios/kafkajs#1751). The timer is needed only when requests wait, because they are
 * throttled or too many; a request that is sent later looks by itself.
 */
// eslint-disable-next-line @typescript-eslint/unbound-method -- called with its own `this`
const schedule = RequestQueue.prototype.scheduleCheckPendingRequests;
RequestQueue.prototype.scheduleCheckPendingRequests = function (): void {
  if (this.pending.length > 0) schedule.call(this);
};

/**
 * Batches without a record (control batches, aborted transactions): kafkajs moves past them without telling, and the
 * consumer's own idea of its position would be left behind. They are handed over like all others, with no messages.
 */
Batch.prototype.isEmptyDueToFiltering = function (): boolean {
  return false;
};
Batch.prototype.isEmpty = function (): boolean {
  return this.rawMessages.length === 0;
};

/**
 * A position outside the log: kafkajs commits the default offset and goes on there, which may skip everything. Here
 * the partition is paused and the reader is told; it knows its position and decides.
 */
// eslint-disable-next-line @typescript-eslint/unbound-method -- called with its own `this`
const recover = ConsumerGroup.prototype.recoverFromOffsetOutOfRange;
ConsumerGroup.prototype.recoverFromOffsetOutOfRange = async function (error): Promise<void> {
  const hooks = hooksOf(this);
  if (hooks === undefined) {
    await recover.call(this, error);
    return;
  }
  this.pause([{ topic: error.topic, partitions: [error.partition] }]);
  hooks.offsetOutOfRange(error.topic, error.partition);
};

/**
 * Rest: a consumer asks again the moment it was answered, so that with steady writers every record costs each reader a
 * request of its own. One that rests at the end of the logs gets what came meanwhile in one.
 */
// eslint-disable-next-line @typescript-eslint/unbound-method -- called with its own `this`
const fetch = ConsumerGroup.prototype.fetch;
const resting = new WeakMap<object, Map<string, Promise<void>>>();
ConsumerGroup.prototype.fetch = async function (nodeId) {
  const rest = hooksOf(this)?.rest;
  if (rest === undefined) return fetch.call(this, nodeId);
  const rests = resting.get(this) ?? new Map<string, Promise<void>>();
  resting.set(this, rests);
  await rests.get(nodeId);
  rests.delete(nodeId);
  const batches = await fetch.call(this, nodeId);
  const full = batches.filter((batch) => !batch.isEmpty());
  if (full.length > 0 && full.every((batch) => batch.offsetLag() === '0')) rests.set(nodeId, rest());
  return batches;
};

/**
 * Headers of a record: kafkajs copies the object of all earlier headers for each further one, which is most of the work
 * of reading a record with as many as ours have; and a header called as a method of every object becomes a list with it.
 */
Decoder.prototype.readVarIntArray = function (reader) {
  const headers: Record<string, unknown> = {};
  for (let left = this.readVarInt(); left > 0; left -= 1) {
    const { key, value } = reader(this);
    addHeader(headers, key, value);
  }
  return { reduce: () => headers };
};

/** A repeated header is a list. */
function addHeader(headers: Record<string, unknown>, name: string, value: Buffer | null): void {
  const before = Object.hasOwn(headers, name) ? headers[name] : undefined;
  const held =
    before === undefined
      ? value
      : Array.isArray(before)
        ? [...(before as unknown[]), value]
        : [before, value];
  if (name === '__proto__')
    Object.defineProperty(headers, name, { value: held, enumerable: true, configurable: true });
  else headers[name] = held;
}

const connect = createSocketFactory();

/** Small requests leave at once: with Nagle's algorithm a request behind an unacknowledged one waits up to 40 ms. */
export const socketFactory: ReturnType<typeof createSocketFactory> = (options) => {
  const socket = connect(options);
  socket.setNoDelay(true);
  return socket;
};

// The parts of kafkajs that are reached behind its public face, typed as far as they are used (kafkajs 2.2.4).

declare module 'kafkajs/src/network/requestQueue/index.js' {
  interface RequestQueue {
    pending: unknown[];
    scheduleCheckPendingRequests(): void;
  }
  const RequestQueue: { readonly prototype: RequestQueue };
  export default RequestQueue;
}

declare module 'kafkajs/src/network/socketFactory.js' {
  import type { ISocketFactory } from 'kafkajs';
  const createSocketFactory: () => ISocketFactory;
  export default createSocketFactory;
}

declare module 'kafkajs/src/consumer/batch.js' {
  interface Batch {
    rawMessages: unknown[];
    isEmpty(): boolean;
    isEmptyDueToFiltering(): boolean;
  }
  const Batch: { readonly prototype: Batch };
  export default Batch;
}

declare module 'kafkajs/src/consumer/runner.js' {
  interface Runner {
    handleBatch(batch: { readonly topic: string }): Promise<void>;
  }
  const Runner: { readonly prototype: Runner };
  export default Runner;
}

declare module 'kafkajs/src/consumer/consumerGroup.js' {
  interface ConsumerGroup {
    assigners: readonly object[];
    pause(topicPartitions: readonly { topic: string; partitions: readonly number[] }[]): void;
    recoverFromOffsetOutOfRange(error: { topic: string; partition: number }): Promise<void>;
  }
  const ConsumerGroup: { readonly prototype: ConsumerGroup };
  export default ConsumerGroup;
}

declare module 'kafkajs/src/protocol/decoder.js' {
  /** What the one caller of `readVarIntArray` wants of its answer: the headers of a record as one object. */
  interface DecodedHeaders {
    reduce(...ignored: unknown[]): Record<string, unknown>;
  }
  interface Decoder {
    readVarInt(): number;
    readVarIntArray(
      reader: (decoder: Decoder) => { readonly key: string; readonly value: Buffer | null },
    ): DecodedHeaders;
  }
  const Decoder: { new (bytes: Buffer): Decoder; readonly prototype: Decoder };
  export default Decoder;
}

declare module 'kafkajs/src/protocol/recordBatch/record/v0/decoder.js' {
  import type Decoder from 'kafkajs/src/protocol/decoder.js';
  const decodeRecord: (
    decoder: InstanceType<typeof Decoder>,
    batch: { readonly firstOffset: string; readonly firstTimestamp: string; readonly magicByte: number },
  ) => { readonly headers: Record<string, unknown> };
  export default decodeRecord;
}

declare module 'kafkajs/src/protocol/recordBatch/record/v0/index.js' {
  const encodeRecord: (record: { key: null; value: Buffer; headers: Record<string, unknown> }) => {
    readonly buffer: Buffer;
  };
  export default encodeRecord;
}

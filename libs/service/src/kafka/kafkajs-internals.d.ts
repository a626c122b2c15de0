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
    /** Records behind the last one of the batch, as decimal digits. */
    offsetLag(): string;
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
  import type Batch from 'kafkajs/src/consumer/batch.js';
  interface ConsumerGroup {
    assigners: readonly object[];
    /** One fetch from one broker: a batch for each partition that was asked for, empty ones too. */
    fetch(nodeId: string): Promise<(typeof Batch.prototype)[]>;
    pause(topicPartitions: readonly { topic: string; partitions: readonly number[] }[]): void;
    recoverFromOffsetOutOfRange(error: { topic: string; partition: number }): Promise<void>;
  }
  const ConsumerGroup: { readonly prototype: ConsumerGroup };
  export default ConsumerGroup;
}

declare module 'kafkajs/src/cluster/index.js' {
  /** The connections and the metadata that a client of kafkajs works with. */
  interface Cluster {
    connect(): Promise<void>;
    disconnect(): Promise<void>;
    /** Asks for the metadata when the topic is a new one. */
    addTargetTopic(topic: string): Promise<void>;
    /** Asks for the metadata when they are older than their age. */
    refreshMetadataIfNecessary(): Promise<void>;
    findTopicPartitionMetadata(topic: string): readonly { readonly partitionId: number }[];
    /** One request to each leader; rejects when any is not the leader any more. */
    fetchTopicsOffset(
      topics: readonly {
        readonly topic: string;
        readonly fromBeginning: boolean;
        readonly partitions: readonly { readonly partition: number }[];
      }[],
    ): Promise<{ readonly partitions: readonly { partition: number; offset: string }[] }[]>;
  }
  const Cluster: { readonly prototype: Cluster };
  export default Cluster;
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

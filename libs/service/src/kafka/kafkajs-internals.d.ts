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

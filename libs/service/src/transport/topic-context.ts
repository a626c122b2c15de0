/**
 * What a NestJS handler gets beside its payload (`@Ctx() context: TopicContext`).
 */
import { BaseRpcContext } from '@nestjs/microservices';
import type { TopicRecord } from '../topics/topics.js';

export interface Delivery {
  readonly record: TopicRecord;
  readonly group: string;
  /** 1 for the first try. */
  readonly attempt: number;
  /** Aborts when the partition is taken away; the record then comes again elsewhere. */
  readonly signal: AbortSignal;
}

export class TopicContext extends BaseRpcContext<[Delivery]> {
  get record(): TopicRecord {
    return this.args[0].record;
  }

  get group(): string {
    return this.args[0].group;
  }

  get attempt(): number {
    return this.args[0].attempt;
  }

  get signal(): AbortSignal {
    return this.args[0].signal;
  }
}

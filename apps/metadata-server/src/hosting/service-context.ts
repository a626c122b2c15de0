/**
 * What every part of this service is given: the topics, the time, the log.
 */
import type { Clock } from '@tidemark/platform';
import type { Logger, Topics } from '@tidemark/service';

export interface ServiceContext {
  readonly topics: Topics;
  readonly clock: Clock;
  readonly logger: Logger;
}

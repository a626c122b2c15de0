/**
 * What the specs of live streams share: the topics in memory, a live history that has caught up with them, and records of
 * experiments. Begun before the first test of the file that calls it, closed after the last.
 */
import { EXPERIMENTS_TOPIC, TOPICS } from '@tidemark/contracts';
import { nodeClock } from '@tidemark/platform/node';
import { MemoryLog, MemoryTopics } from '@tidemark/service';
import { LiveHistory } from '../live/live-history.js';

export interface LiveExperiments {
  readonly history: LiveHistory;
  /** A record about the experiment; what it says is not looked at. */
  append(experimentId: string): Promise<unknown>;
}

export function liveExperiments(): LiveExperiments {
  const topics = new MemoryTopics({ log: new MemoryLog(), clock: nodeClock, replica: 'api-server-1' });
  const history = new LiveHistory();
  beforeAll(async () => {
    await topics.ensure(TOPICS.map(({ name, partitions }) => ({ name, partitions })));
    await (
      await history.start(topics)
    ).caughtUp;
  });
  afterAll(() => topics.close());
  return { history, append: (key) => topics.publish(EXPERIMENTS_TOPIC, [{ key, value: '{}' }]) };
}

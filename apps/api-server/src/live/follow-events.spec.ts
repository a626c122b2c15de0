/** Following an experiment's events over real topics in memory, with a view that answers what the spec says. */
import type { EventView } from '@tidemark/contracts';
import type { EventStream } from '../http/event-stream.js';
import type { Asking } from '../requests/asking.js';
import { followEvents, type EventPage } from './follow-events.js';
import { liveExperiments } from '../testing/live-experiments.js';

const ID = 'exp_1';
const event = (type: string): EventView => ({ type, position: type, applied: true }) as EventView;

describe('following events', () => {
  const { history, append } = liveExperiments();

  it('misses nothing that comes while the first page is on its way', async () => {
    const pages: EventPage[] = [
      { items: [event('ExperimentLaunched')], nextOffset: 1, more: false },
      { items: [event('ExperimentCompleted')], nextOffset: 2, more: false },
    ];
    const bell = history.watch(ID);
    const query = async (): Promise<unknown> => {
      const result = pages.shift();
      if (pages.length > 0) {
        await append(ID);
        await bell.news();
      }
      return { result };
    };
    const sent: string[] = [];
    const stream = {
      signal: new AbortController().signal,
      isOpen: () => true,
      send: ({ event: type }: { event: string }) => sent.push(type),
      close: () => undefined,
    };
    const following = { asking: { query } as unknown as Asking, history, experimentId: ID, fromOffset: 0 };
    await followEvents({ ...following, asker: { owner: 'admin' } as never }, () =>
      Promise.resolve(stream as unknown as EventStream),
    );
    expect(sent).toEqual(['ExperimentLaunched', 'ExperimentCompleted']);
    bell.close();
    expect(history.watching).toBe(0);
  });
});

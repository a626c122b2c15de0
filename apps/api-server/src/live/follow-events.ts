/**
 * Streams an experiment's events: first what the view has from the wanted offset on, then whatever comes, until the
 * event that ends the experiment. One loop: ask the view at the live tail's position, send, wait for news. The id of
 * each event is its record, so a reader goes on at any replica where he was cut off.
 */
import { parseRecordReference, type EventView } from '@tidemark/contracts';
import type { EventStream } from '../http/event-stream.js';
import type { Asker, Asking } from '../requests/asking.js';
import { Problem } from '../problems/problem.js';
import type { LiveHistory, Watch } from './live-history.js';

const ENDS: ReadonlySet<string> = new Set([
  'ExperimentCompleted',
  'ExperimentFailed',
  'ExperimentCanceled',
  'ExperimentRejected',
]);
/** Problems that pass by themselves: the stream waits and asks again. */
const PASSING: ReadonlySet<string> = new Set([
  'no-reply',
  'log-unavailable',
  'position-not-reached',
  'overloaded',
]);

export interface Following {
  readonly asking: Asking;
  readonly history: LiveHistory;
  readonly experimentId: string;
  readonly asker: Asker;
  /** Offset of the first event wanted. */
  readonly fromOffset: number;
  readonly type?: string | undefined;
}

export interface EventPage {
  readonly items: readonly EventView[];
  readonly nextOffset: number;
  readonly more: boolean;
}

/** One page at the live tail's position; `null` where there is no such experiment. */
async function eventPage(following: Following, fromOffset: number): Promise<EventPage | null> {
  const { asking, history, experimentId, asker, type } = following;
  const request = { experimentId, fromOffset, type, position: history.position() };
  return (await asking.query('ListEvents', request, asker)).result;
}

/**
 * Sends until the experiment has ended or the reader is gone. `open` is handed the first page (`null`: there is no such
 * experiment) and answers the stream, if there is to be one.
 */
export async function followEvents(
  following: Following,
  open: (first: EventPage | null) => Promise<EventStream | undefined>,
): Promise<void> {
  // Before the first page is asked for: what comes while it is on its way, and is not in it, is news.
  const watch = following.history.watch(following.experimentId);
  try {
    const first = await eventPage(following, following.fromOffset);
    const stream = await open(first);
    if (stream === undefined) return;
    stream.signal.addEventListener('abort', () => watch.close(), { once: true });
    await sendPages(following, first, { stream, watch });
  } finally {
    watch.close();
  }
}

async function sendPages(
  following: Following,
  first: EventPage | null,
  { stream, watch }: { readonly stream: EventStream; readonly watch: Watch },
): Promise<void> {
  try {
    let page = first;
    while (stream.isOpen() && page !== null) {
      for (const event of page.items) stream.send({ id: event.position, event: event.type, data: event });
      if (page.items.some((event) => event.applied && ENDS.has(event.type))) return;
      if (!page.more) await watch.news();
      page = !stream.isOpen() ? null : await pageWhenPossible(following, page.nextOffset, stream);
    }
  } finally {
    stream.close();
  }
}

async function pageWhenPossible(
  following: Following,
  fromOffset: number,
  stream: EventStream,
): Promise<EventPage | null> {
  for (;;) {
    try {
      return await eventPage(following, fromOffset);
    } catch (error) {
      if (!(error instanceof Problem) || !PASSING.has(error.code)) throw error;
      if (!stream.isOpen()) return null;
    }
  }
}

/** Where a stream goes on: behind the event that the reader saw last, or at the offset he asks for. */
export function firstOffset(lastEventId: string | undefined, from: string | undefined): number | undefined {
  if (lastEventId !== undefined && lastEventId !== '') {
    const seen = parseRecordReference(lastEventId);
    return seen === undefined ? undefined : seen.offset + 1;
  }
  if (from === undefined || from === '') return 0;
  return /^\d{1,15}$/.test(from) ? Number(from) : parseRecordReference(from)?.offset;
}

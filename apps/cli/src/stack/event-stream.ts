/**
 * Server-sent events, followed across broken connections: a stream that ends or breaks is opened again with the id
 * of the last event, which is a log position, so any replica goes on where the last one was.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { ApiClient } from './api-client.js';

export interface ServerSentEvent {
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

const REOPEN_AFTER_MS = 300;

/**
 * Ends when the server says that there is no more (204), or when `isOver` says so after a stream that ended by
 * itself without a single event; and when the caller leaves the loop. Rejects with a `Fault` when the API refuses.
 */
export async function* followEvents(
  api: ApiClient,
  path: string,
  isOver: () => Promise<boolean>,
): AsyncGenerator<ServerSentEvent> {
  let lastId = '';
  for (;;) {
    const headers = { accept: 'text/event-stream', ...(lastId === '' ? {} : { 'last-event-id': lastId }) };
    const response = await api.fetch(path, { headers });
    if (response.status === 204 || response.body === null) return;
    let events = 0;
    try {
      for await (const event of parseEvents(response.body)) {
        events += 1;
        if (event.id !== '') lastId = event.id;
        yield event;
      }
      if (events === 0 && (await isOver())) return;
    } catch (cause) {
      // The connection broke ("terminated"): another replica has the rest.
      if ((cause as Error).name !== 'TypeError') throw cause;
    }
    // After events there may be more at once; after none it is worth waiting.
    if (events === 0) await delay(REOPEN_AFTER_MS);
  }
}

/** The events of one response (WHATWG server-sent events; comments and `retry` are dropped). */
export async function* parseEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<ServerSentEvent> {
  const decoder = new TextDecoder();
  let pending = '';
  for await (const chunk of body) {
    pending += decoder.decode(chunk, { stream: true });
    // A CR at the very end may be half of a CRLF.
    const lines = pending.split(/\r\n\r\n|\n\n|\r\r(?!$)/);
    pending = lines.pop() ?? '';
    for (const block of lines) {
      const event = parseBlock(block);
      if (event !== undefined) yield event;
    }
  }
}

function parseBlock(block: string): ServerSentEvent | undefined {
  let id = '';
  let event = 'message';
  const data: string[] = [];
  for (const line of block.split(/\r\n|\n|\r/)) {
    const colon = line.indexOf(':');
    if (colon === 0 || line === '') continue;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'id') id = value;
    else if (field === 'event') event = value;
    else if (field === 'data') data.push(value);
  }
  return data.length === 0 ? undefined : { id, event, data: data.join('\n') };
}

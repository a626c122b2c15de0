/** Server-sent events as they are read from a stream, and resumed where it broke. */
import { describe, expect, it } from '@jest/globals';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApiClient } from './api-client.js';
import { followEvents, parseEvents, type ServerSentEvent } from './event-stream.js';

async function parse(...chunks: string[]): Promise<ServerSentEvent[]> {
  async function* body(): AsyncGenerator<Uint8Array> {
    for (const chunk of chunks) yield await Promise.resolve(Buffer.from(chunk, 'latin1'));
  }
  const events: ServerSentEvent[] = [];
  for await (const event of parseEvents(body())) events.push(event);
  return events;
}

describe('server-sent events', () => {
  it.each<[string, string[], ServerSentEvent[]]>([
    ['one event', ['id: 1\nevent: a\ndata: x\n\n'], [{ id: '1', event: 'a', data: 'x' }]],
    ['several lines of data', ['data: x\ndata: y\n\n'], [{ id: '', event: 'message', data: 'x\ny' }]],
    ['an event in pieces', ['da', 'ta: x', '\n', '\n'], [{ id: '', event: 'message', data: 'x' }]],
    ['a character cut in two', ['data: \xc3', '\xa4\n\n'], [{ id: '', event: 'message', data: 'ä' }]],
    [
      'comments and unknown fields',
      [': beat\n\nretry: 1\n\ndata:x\n\n'],
      [{ id: '', event: 'message', data: 'x' }],
    ],
    [
      'carriage returns',
      ['data: x\r\n\r\ndata: y\r\n\r\n'],
      [
        { id: '', event: 'message', data: 'x' },
        { id: '', event: 'message', data: 'y' },
      ],
    ],
    ['an unfinished event: dropped', ['data: x\n\ndata: y\n'], [{ id: '', event: 'message', data: 'x' }]],
  ])('read %s', async (_name, chunks, events) => {
    expect(await parse(...chunks)).toEqual(events);
  });

  it('go on behind the last one where a connection broke, until the server says that there is no more', async () => {
    const resumedFrom: (string | undefined)[] = [];
    const server = http.createServer((request, response) => {
      const last = request.headers['last-event-id'];
      resumedFrom.push(last as string | undefined);
      if (last === 'x/0@2') return response.writeHead(204).end();
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const next = last === undefined ? 1 : 2;
      response.write(`id: x/0@${next}\ndata: ${next}\n\n`);
      // Broken after the first event, ended in order after the second.
      if (next === 1) setTimeout(() => response.destroy(), 20);
      else response.end();
      return response;
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const seen: string[] = [];
    const stream = followEvents(new ApiClient({ url, apiKey: 'k' }), '/', () => Promise.resolve(false));
    for await (const event of stream) seen.push(event.data);
    expect(seen).toEqual(['1', '2']);
    expect(resumedFrom).toEqual([undefined, 'x/0@1', 'x/0@2']);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
});

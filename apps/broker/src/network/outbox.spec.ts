/** What a connection's answers cost in memory: buffers are used again, large ones are let go. */
import { ScriptedConnection } from '../testing/scripted-connection.js';
import { Outbox } from './outbox.js';

describe('outbox', () => {
  const owner = {
    receiveSpace: () => new Uint8Array(1),
    received: () => undefined,
    drained: () => undefined,
    closed: () => undefined,
  };
  const setUp = () => {
    const peer = new ScriptedConnection();
    peer.attach(owner);
    const outbox = new Outbox(peer);
    const send = (length: number, fill = 1): void => {
      outbox.writer.raw(Buffer.alloc(length, fill));
      outbox.send();
    };
    return { peer, outbox, send };
  };

  it('encodes into the same buffer again once the socket has taken everything', () => {
    const { outbox, send } = setUp();
    const first = outbox.writer;
    for (let i = 0; i < 10; i++) send(1_000_000);
    expect(outbox.writer).toBe(first);
  });

  it('uses two buffers in turn when the socket takes its time', () => {
    const { peer, outbox, send } = setUp();
    const used = new Set<unknown>();
    for (let i = 0; i < 10; i++) {
      peer.peerReads = false;
      used.add(outbox.writer);
      send(1_000_000, i);
      peer.read();
      outbox.reclaim();
    }
    expect(used.size).toBe(2);
    expect(peer.writes.map((bytes) => bytes[0])).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it.each([
    { what: 'a huge answer', sends: [5_000_000] },
    {
      what: 'a large answer and many small ones',
      sends: [1_000_000, ...Array.from({ length: 65 }, () => 100)],
    },
  ])('lets the buffer of $what go', ({ sends }) => {
    const { outbox, send } = setUp();
    const first = outbox.writer;
    for (const length of sends) send(length);
    expect(outbox.writer).not.toBe(first);
  });
});

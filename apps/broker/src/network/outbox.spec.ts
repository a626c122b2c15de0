/** What a connection's answers cost in memory: buffers are used again, large ones let go, lent bytes given back. */
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

  describe('bytes that are lent', () => {
    const lend = (outbox: Outbox, fill: number): { lent: Buffer; back: boolean } => {
      const state = { lent: Buffer.alloc(100_000, fill), back: false };
      outbox.writer.referenceBytesMin = 1;
      outbox.writer.int8(fill);
      outbox.writer.records(state.lent);
      outbox.onTaken(() => (state.back = true));
      return state;
    };

    it('leave between what was encoded around them, and are given back once they are gone', () => {
      const { peer, outbox } = setUp();
      const one = lend(outbox, 7);
      outbox.writer.int8(9);
      expect(one.back).toBe(false);
      outbox.send();
      expect(one.back).toBe(true);
      const expected = Buffer.concat([Buffer.from('07000186a0', 'hex'), one.lent, Buffer.from([9])]);
      expect(peer.written().equals(expected)).toBe(true);
      expect(outbox.unsentBytes).toBe(0);
    });

    it('are kept while the socket has not taken them', () => {
      const { peer, outbox } = setUp();
      peer.peerReads = false;
      const one = lend(outbox, 1);
      outbox.send();
      const other = lend(outbox, 2);
      outbox.send();
      expect([one.back, other.back]).toEqual([false, false]);
      peer.read();
      outbox.reclaim();
      expect([one.back, other.back]).toEqual([true, true]);
    });

    it('are given back when nobody will read them', () => {
      const { peer, outbox } = setUp();
      peer.peerReads = false;
      const one = lend(outbox, 1);
      outbox.send();
      outbox.giveBack();
      expect(one.back).toBe(true);
    });
  });
});

/** Questions to views that may be a moment behind: what is not there yet is not said to be nowhere. */
import { experimentIdOf, parsePosition } from '@tidemark/contracts';
import { nodeClock, nodeRandom } from '@tidemark/platform/node';
import { type RequestRecord, type RequestReply, type Topics, TopicsError } from '@tidemark/service';
import { Asking } from './asking.js';

const ID = experimentIdOf({ gateway: 'default', actor: 'admin', route: 'r', idempotencyKey: 'k' });
const ASKER = { principal: { gateway: 'default', actor: 'admin' }, traceparent: undefined };
const END = 'tidemark.experiments/0@7';
const PAGE = { items: [], nextOffset: 7, more: false };

describe('a question about one thing', () => {
  /** Positions that were asked for. */
  const asked: string[] = [];
  /** A view that knows of the experiment from a position on. */
  const asking = (knowsAt: string, ends: Topics['ends']): Asking => {
    const request = ({ value }: RequestRecord): Promise<unknown> => {
      const { position } = JSON.parse(String(value)) as { position: string };
      asked.push(position);
      const reply = { result: position === knowsAt ? PAGE : null, position };
      return Promise.resolve({ reply: { value: Buffer.from(JSON.stringify(reply)) } });
    };
    return new Asking({
      requests: { request } as unknown as RequestReply,
      topics: { ends } as Topics,
      clock: nodeClock,
      random: nodeRandom,
    });
  };
  const ends = (): Promise<ReadonlyMap<string, number>> => Promise.resolve(parsePosition(END) ?? new Map());
  const ask = async (of: Asking): Promise<unknown> =>
    (await of.query('ListEvents', { experimentId: ID, fromOffset: 0, limit: 10 }, ASKER)).result;
  beforeEach(() => {
    asked.length = 0;
  });

  it('is asked once when it is answered', async () => {
    expect(await ask(asking('', ends))).toEqual(PAGE);
    expect(asked).toEqual(['']);
  });

  it('is asked again where the log ends before the answer is that there is none', async () => {
    expect(await ask(asking(END, ends))).toEqual(PAGE);
    expect(await ask(asking('nowhere', ends))).toBeNull();
    expect(asked).toEqual(['', END, '', END]);
  });

  it('has no answer while nobody knows where the log ends', async () => {
    const unavailable = (): Promise<never> => Promise.reject(new TopicsError('unavailable', 'no broker'));
    await expect(ask(asking('nowhere', unavailable))).rejects.toMatchObject({ code: 'log-unavailable' });
  });
});

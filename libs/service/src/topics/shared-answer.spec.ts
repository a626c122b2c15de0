/** Many askers, one question under way; and never an answer that is older than the call. */
import { SharedAnswer } from './shared-answer.js';

interface Asked {
  answer(value: number): void;
  fail(error: Error): void;
}

describe('a shared answer', () => {
  const questions = (): { shared: SharedAnswer<number>; asked: Asked[] } => {
    const asked: Asked[] = [];
    const shared = new SharedAnswer(
      () => new Promise<number>((answer, fail) => void asked.push({ answer, fail })),
    );
    return { shared, asked };
  };
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it('is asked for once by all who come while it is under way', async () => {
    const { shared, asked } = questions();
    const first = shared.get();
    const later = [shared.get(), shared.get(), shared.get()];
    expect(asked).toHaveLength(1);
    asked[0]?.answer(1);
    expect(await first).toBe(1);
    await settled();
    expect(asked).toHaveLength(2);
    asked[1]?.answer(2);
    expect(await Promise.all(later)).toEqual([2, 2, 2]);
  });

  it('is never older than the call', async () => {
    const { shared, asked } = questions();
    const first = shared.get();
    asked[0]?.answer(1);
    await first;
    const second = shared.get();
    expect(asked).toHaveLength(2);
    asked[1]?.answer(2);
    expect(await second).toBe(2);
  });

  it('that fails fails those who asked for it, and nobody after them', async () => {
    const { shared, asked } = questions();
    const first = shared.get();
    const second = shared.get();
    asked[0]?.fail(new Error('no broker'));
    await expect(first).rejects.toThrow('no broker');
    await settled();
    asked[1]?.answer(2);
    expect(await second).toBe(2);
  });
});

/** Many deadlines on one timer of a clock moved by hand. */
import { ManualClock } from '../testing/manual-clock.js';
import { Deadlines, type Deadline } from './deadlines.js';

describe('deadlines', () => {
  it('fire in order of time on one timer', () => {
    const clock = new ManualClock();
    const deadlines = new Deadlines(clock);
    const fired: number[] = [];
    for (const delay of [50, 10, 30, 10, 90, 20]) deadlines.set(delay, () => fired.push(delay));
    expect(clock.pendingTimers).toBe(1);
    clock.advance(35);
    expect(fired).toEqual([10, 10, 20, 30]);
    expect(deadlines.size).toBe(2);
    clock.advance(100);
    expect(fired).toEqual([10, 10, 20, 30, 50, 90]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('do not fire once cancelled, however many', () => {
    const clock = new ManualClock();
    const deadlines = new Deadlines(clock);
    const fired: number[] = [];
    const set: Deadline[] = [];
    for (let i = 0; i < 1000; i++) set.push(deadlines.set((i * 7) % 1000, () => fired.push((i * 7) % 1000)));
    set.forEach((deadline, i) => {
      if (i % 10 !== 0) deadlines.cancel(deadline);
      deadlines.cancel(set[1]!);
    });
    expect(deadlines.size).toBe(100);
    clock.advance(1000);
    expect(fired).toHaveLength(100);
    expect(fired).toEqual([...fired].sort((one, other) => one - other));
    expect(deadlines.size).toBe(0);
  });

  it('wake nobody for what was cancelled', () => {
    const clock = new ManualClock();
    const deadlines = new Deadlines(clock);
    deadlines.set(10, () => undefined);
    const later = [20, 30].map((delay) => deadlines.set(delay, () => undefined));
    for (const deadline of later) deadlines.cancel(deadline);
    clock.advance(10);
    expect(clock.pendingTimers).toBe(0);
    expect(deadlines.size).toBe(0);
    let fired = false;
    deadlines.set(5, () => (fired = true));
    clock.advance(5);
    expect(fired).toBe(true);
  });

  it('can be set while one fires', () => {
    const clock = new ManualClock();
    const deadlines = new Deadlines(clock);
    const fired: string[] = [];
    deadlines.set(10, () => {
      fired.push('first');
      deadlines.set(5, () => fired.push('second'));
    });
    clock.advance(14);
    expect(fired).toEqual(['first']);
    clock.advance(1);
    expect(fired).toEqual(['first', 'second']);
  });

  it('are silent after close', () => {
    const clock = new ManualClock();
    const deadlines = new Deadlines(clock);
    deadlines.set(10, () => {
      throw new Error('fired after close');
    });
    deadlines.close();
    clock.advance(100);
    expect(deadlines.size).toBe(0);
  });
});

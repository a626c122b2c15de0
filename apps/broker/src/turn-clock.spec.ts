/** The clock that is read once a turn. */
import { ManualClock } from './testing/manual-clock.js';
import { TurnClock } from './turn-clock.js';

describe('turn clock', () => {
  it('reads the time once a turn', () => {
    const real = new ManualClock();
    const clock = new TurnClock(real);
    const [now, monotonic] = [clock.now(), clock.monotonic()];
    real.pass(5);
    expect([clock.now(), clock.monotonic()]).toEqual([now, monotonic]);
    real.turn();
    expect([clock.now(), clock.monotonic()]).toEqual([now + 5, monotonic + 5]);
  });

  it('sets timers on the real clock', () => {
    const real = new ManualClock();
    const clock = new TurnClock(real);
    const fired: number[] = [];
    clock.setTimer(10, () => fired.push(clock.monotonic()));
    real.advance(20);
    expect(fired).toEqual([10]);
  });
});

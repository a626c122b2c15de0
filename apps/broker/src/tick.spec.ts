/** The order of work within one turn of the event loop. */
import { Tick, type TickTask } from './tick.js';
import { ManualClock } from './testing/manual-clock.js';

describe('tick', () => {
  const task = (run: () => void): TickTask => ({ scheduled: false, runTick: run });

  it('writes first, sends last, each task once', () => {
    const clock = new ManualClock();
    const tick = new Tick(clock);
    const ran: string[] = [];
    const send = task(() => ran.push('send'));
    const write = task(() => ran.push('write'));
    tick.scheduleSend(send);
    tick.scheduleWrite(write);
    tick.scheduleWrite(write);
    expect(ran).toEqual([]);
    clock.turn();
    expect(ran).toEqual(['write', 'send']);
    clock.turn();
    expect(ran).toEqual(['write', 'send']);
  });

  it('sends in the same turn what a write released', () => {
    const clock = new ManualClock();
    const tick = new Tick(clock);
    const ran: string[] = [];
    const send = task(() => ran.push('send'));
    tick.scheduleWrite(task(() => tick.scheduleSend(send)));
    clock.turn();
    expect(ran).toEqual(['send']);
  });

  it('lets the event loop turn when tasks go on for ever', () => {
    const clock = new ManualClock();
    const tick = new Tick(clock);
    let ran = 0;
    const forever = task(() => {
      ran += 1;
      tick.scheduleSend(forever);
    });
    tick.scheduleSend(forever);
    clock.turn();
    expect(ran).toBeLessThan(10);
    const before = ran;
    clock.turn();
    expect(ran).toBeGreaterThan(before);
  });
});

// Watches over real topics in memory: woken by records of their own experiment, even by one that came before they
// waited, and let go when they are closed.
import { liveExperiments } from '../testing/live-experiments.js';

describe('live history', () => {
  const { history, append } = liveExperiments();

  it('wakes the watches of the experiment, and those alone', async () => {
    const one = history.watch('exp_1');
    const other = history.watch('exp_2');
    const woken: string[] = [];
    const waits = [one.news().then(() => woken.push('one')), other.news().then(() => woken.push('other'))];
    await append('exp_1');
    await waits[0];
    expect(woken).toEqual(['one']);
    await append('exp_2');
    await waits[1];
    expect(woken).toEqual(['one', 'other']);
    one.close();
    other.close();
  });

  it('remembers news that came before anybody waited, once', async () => {
    const watch = history.watch('exp_3');
    const bell = history.watch('exp_4');
    await append('exp_3');
    await append('exp_3');
    await append('exp_4');
    await bell.news();
    await watch.news();
    let again = false;
    const second = watch.news().then(() => (again = true));
    await append('exp_4');
    await bell.news();
    expect(again).toBe(false);
    watch.close();
    await second;
    bell.close();
    expect(history.watching).toBe(0);
  });

  it('says how far it has read', async () => {
    const watch = history.watch('exp_5');
    await append('exp_5');
    await watch.news();
    expect(history.position()).toMatch(/^tidemark\.experiments\/\d+@\d+/);
    watch.close();
  });
});

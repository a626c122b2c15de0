// P10. One broker is killed at whatever stage of its start chance picks, over and over.
import type { Row } from '../../../faults/row.js';

const KILLS = 25;

export const crashLoop: Row = {
  name: 'P10',
  what: `a broker is killed every 200 to 800 ms, ${KILLS} times, at any stage of its start`,
  mustHold: 'recovery can be repeated; the broker is well afterwards; nothing acknowledged is lost',
  rounds: 1,
  async fault({ cluster, topic }) {
    const victim = (await cluster.partitions(topic))[0]?.leader ?? 1;
    const broker = cluster.broker(victim);
    for (let kill = 0; kill < KILLS; kill++) {
      await broker.signal('SIGKILL');
      broker.launch();
      await new Promise((resolve) => setTimeout(resolve, 200 + Math.random() * 600));
      if (!broker.running)
        return { bit: true, why: '', broken: [`broker ${victim} ended by itself: ${broker.log}`] };
    }
    await broker.ready(60_000);
    return { bit: true, why: `broker ${victim} killed ${KILLS} times while it started` };
  },
};

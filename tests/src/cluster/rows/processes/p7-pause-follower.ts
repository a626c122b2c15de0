// P7. A follower hangs: the ISR shrinks when its time is up, and grows again when it goes on.
import { eventually } from '../../../harness/eventually.js';
import type { Row } from '../../../faults/row.js';

export const pauseFollower: Row = {
  name: 'P7',
  what: 'SIGSTOP of a follower for longer than its session, then SIGCONT',
  mustHold: 'primary-backup waits until the ISR shrinks, a quorum does not wait; nothing is lost',
  rounds: 2,
  async fault({ cluster, topic }) {
    const [view] = await cluster.partitions(topic);
    const controller = await cluster.controllerKnown();
    const followers = (view?.replicas ?? []).filter((node) => node !== view?.leader);
    const victim = followers.find((node) => node !== controller) ?? followers[0] ?? 1;
    const broker = cluster.broker(victim);
    const others = cluster.without(victim);
    await broker.signal('SIGSTOP');
    try {
      await eventually(
        async () => (await others.partitions(topic)).every(({ leader }) => leader !== victim),
        30_000,
        `broker ${victim} leads nothing`,
      );
      await eventually(() => others.isFenced(victim), 30_000, `broker ${victim} is fenced`);
    } finally {
      await broker.signal('SIGCONT');
    }
    return { bit: true, why: `broker ${victim} stopped, and fenced` };
  },
};

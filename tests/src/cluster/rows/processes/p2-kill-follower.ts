// P2. A follower of partition 0 that is not the active controller, where there is one.
import { eventually } from '../../../harness/eventually.js';
import type { Row } from '../../../faults/row.js';

export const killFollower: Row = {
  name: 'P2',
  what: 'kill -9 of a follower',
  mustHold: 'writes go on with the two replicas that are left; the third catches up',
  rounds: 6,
  gapLimits: { max: 1_000 },
  async fault({ cluster, topic }) {
    const before = await cluster.partitions(topic);
    const controller = await cluster.controllerKnown();
    const followers = (before[0]?.replicas ?? []).filter((node) => node !== before[0]?.leader);
    const victim = followers.find((node) => node !== controller) ?? followers[0] ?? 1;
    await cluster.broker(victim).signal('SIGKILL');
    await eventually(() => cluster.isFenced(victim), 30_000, `broker ${victim} is fenced`);
    return { bit: true, why: `broker ${victim} killed, and fenced` };
  },
};

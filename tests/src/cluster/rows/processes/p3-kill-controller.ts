// P3. The broker that leads the metadata quorum dies; metadata must change again afterwards, shown by a new topic.
import type { Row } from '../../../faults/row.js';

export const killController: Row = {
  name: 'P3',
  what: 'kill -9 of the active controller',
  mustHold: 'another takes over, topics can be created, nothing acknowledged is lost',
  rounds: 6,
  gapLimits: { max: 1_000 },
  async fault({ cluster, protocol, round }) {
    const victim = await cluster.controllerKnown();
    await cluster.broker(victim).signal('SIGKILL');
    const next = await cluster.controllerKnown();
    await cluster.createTopic({ name: `after-${round}`, partitions: 1, protocol, replicas: 1 });
    return { bit: next !== victim, why: `controller ${victim} killed, ${next} took over` };
  },
};

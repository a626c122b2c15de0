// D13. Strangers come with more connections than a leader may have file descriptors; in the end they go. Connections are
// refused before they take the descriptors that logs need: the segments here are small, so that files are opened always.
import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { eventually } from '../../../harness/eventually.js';
import type { BrokerProcess } from '../../../harness/broker-process.js';
import type { Row } from '../../../faults/row.js';

const DESCRIPTORS_MAX = 160;

export const noDescriptors: Row = {
  name: 'D13',
  what: `a leader that may have ${DESCRIPTORS_MAX} file descriptors gets more connections than that`,
  mustHold: 'it refuses some and goes on, its logs open their files; it takes connections again afterwards',
  within: ['prlimit', `--nofile=${DESCRIPTORS_MAX}`],
  rounds: 2,
  recordBytes: 1_000,
  settings: { 'log.segment.bytes': '65536' },
  async fault({ cluster, workload, topic }) {
    const victim = (await cluster.partitions(topic))[0]?.leader ?? 1;
    const broker = cluster.broker(victim);
    const strangers = Array.from({ length: 2 * DESCRIPTORS_MAX }, () => stranger(broker));
    try {
      const refused = (): number => strangers.filter(({ destroyed }) => destroyed).length;
      await eventually(() => refused() >= DESCRIPTORS_MAX, 30_000, `broker ${victim} refuses connections`);
      const held = descriptorsOf(broker);
      await workload.progress(300, 120_000);
      const broken = broker.running ? [] : [`broker ${victim} ended with ${broker.exitCode}: ${broker.log}`];
      const why = `broker ${victim} refused ${refused()} of ${strangers.length} connections, ${held} descriptors open`;
      return { bit: held > DESCRIPTORS_MAX / 2, why, broken };
    } finally {
      for (const socket of strangers) socket.destroy();
      const again = (): Promise<boolean> => isTaken(broker);
      if (broker.running) await eventually(again, 30_000, `broker ${victim} takes connections again`);
    }
  },
};

/** Gone already counts as none. */
function descriptorsOf(broker: BrokerProcess): number {
  try {
    return readdirSync(`/proc/${broker.pid}/fd`).length;
  } catch {
    return 0;
  }
}

function stranger(broker: BrokerProcess): Socket {
  const [host = '', port = ''] = broker.address.split(':');
  const socket = connect(Number(port), host);
  socket.on('error', () => socket.destroy());
  // Only a reader is told of the end.
  socket.on('end', () => socket.destroy()).resume();
  return socket;
}

/** A connection is there and not closed within a moment. */
async function isTaken(broker: BrokerProcess): Promise<boolean> {
  const socket = stranger(broker);
  try {
    await new Promise((resolve) => setTimeout(resolve, 200));
    return !socket.destroyed && !socket.connecting;
  } finally {
    socket.destroy();
  }
}

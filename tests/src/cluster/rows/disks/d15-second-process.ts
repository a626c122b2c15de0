// D15. A second process on the data directory of one that runs.
import { BrokerProcess } from '../../../harness/broker-process.js';
import { eventually } from '../../../harness/eventually.js';
import type { Row } from '../../../faults/row.js';

export const secondProcess: Row = {
  name: 'D15',
  what: 'a second broker process is started on the data directory of one that runs',
  mustHold: 'the second refuses; the first does not notice',
  rounds: 1,
  async fault({ cluster }) {
    const [first] = cluster.brokers;
    if (first === undefined) throw new Error('no brokers');
    const second = await BrokerProcess.prepare({
      nodeId: first.nodeId,
      dataDirectory: first.dataDirectory,
      environment: { ...first.environment },
    });
    try {
      second.launch();
      await eventually(() => !second.running, 20_000, 'the second process ends');
      const broken = [
        ...(second.exitCode === 0 ? ['the second process ended with 0'] : []),
        ...(first.running ? [] : ['the first process is gone']),
      ];
      return { bit: true, why: `exit code ${second.exitCode}: ${second.log.trim().slice(0, 120)}`, broken };
    } finally {
      await second.stop();
    }
  },
};

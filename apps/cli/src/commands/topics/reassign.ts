/** `tidemark topics reassign NAME --brokers 1,2,3`: moves a topic's replicas to these brokers, and waits. */
import type { Command } from 'commander';
import { Fault } from '../../console/fault.js';
import { reassign, spreadOver } from '../../kafka/reassignment.js';
import { command } from '../command.js';
import { withCluster } from './with-cluster.js';

interface ReassignOptions {
  readonly brokers?: string;
}

export function reassignCommand(): Command {
  return command<ReassignOptions>(
    'reassign <name>',
    'move the replicas of a topic to other brokers',
    async (call) => {
      const name = call.arguments[0] ?? '';
      const brokers = brokerIds(call.options.brokers ?? '');
      const moves = await withCluster(async (cluster) => {
        const [topic] = await cluster.topics([name]);
        if (topic === undefined) throw new Fault(`there is no topic ${name}`);
        const planned = spreadOver(topic, brokers);
        await reassign(cluster, planned, (left) => {
          call.console.progress(
            `${planned.length - left} of ${planned.length} partitions are where they should be`,
          );
        });
        return planned;
      });
      call.console.line(`${name} is on brokers ${brokers.join(', ')}`);
      call.console.document({
        topic: name,
        partitions: moves.map(({ partition, replicas }) => ({ partition, replicas })),
      });
    },
  ).option('--brokers <ids>', 'the brokers that are to have replicas, as 1,2,3');
}

/** Throws a `Fault` for what is no list of different broker ids. */
export function brokerIds(text: string): number[] {
  const ids = text.split(',').map((part) => part.trim());
  if (!ids.every((id) => /^\d{1,9}$/.test(id)))
    throw new Fault(`--brokers must be ids as in 1,2,3, not '${text}'`);
  if (new Set(ids).size < ids.length) throw new Fault(`--brokers names a broker twice: '${text}'`);
  return ids.map(Number);
}

/** `tidemark topics create NAME [--partitions N] [--replicas N] [--config KEY=VALUE]`: what is left out, the brokers decide. */
import { ErrorCode, createTopicsApi, errorOf } from '@tidemark/wire';
import type { Command } from 'commander';
import { Fault } from '../../console/fault.js';
import { collect, command } from '../command.js';
import { withCluster } from './with-cluster.js';

interface CreateOptions {
  readonly partitions?: string;
  readonly replicas?: string;
  readonly config?: readonly string[];
}

const TIMEOUT_MS = 10_000;
/** The brokers' own number. */
const BY_DEFAULT = -1;

export function createCommand(): Command {
  return command<CreateOptions>('create <name>', 'create a topic', async ({ console, options, ...call }) => {
    const name = call.arguments[0] ?? '';
    const topic = {
      name,
      numPartitions: countOf('--partitions', options.partitions),
      replicationFactor: countOf('--replicas', options.replicas),
      assignments: [],
      configs: (options.config ?? []).map(configOf),
    };
    const created = await withCluster(async (cluster) => {
      const answer = await cluster.ask(createTopicsApi, { topics: [topic], timeoutMs: TIMEOUT_MS });
      const [result] = answer.topics;
      if (result === undefined) throw new Fault(`topic ${name}: the broker did not say what became of it`);
      const { errorCode, errorMessage } = result;
      if (errorCode !== ErrorCode.NONE)
        throw new Fault(
          `topic ${name}: ${errorMessage ?? errorOf(errorCode)?.meaning ?? `error ${errorCode}`}`,
        );
      return result;
    });
    const { numPartitions: partitions, replicationFactor: replicas } = created;
    console.line(`${name} has ${partitions} partitions with ${replicas} replicas each`);
    console.document({ name, topicId: created.topicId, partitions, replicas });
  })
    .option('--partitions <count>', 'how many partitions')
    .option('--replicas <count>', 'on how many brokers each of them is')
    .option('-c, --config <key=value>', 'a setting, as replication.protocol=quorum; again for more', collect);
}

function countOf(option: string, text: string | undefined): number {
  if (text === undefined) return BY_DEFAULT;
  if (!/^[1-9]\d{0,4}$/.test(text))
    throw new Fault(`${option} must be a number of at least 1, not '${text}'`);
  return Number(text);
}

function configOf(text: string): { name: string; value: string } {
  const at = text.indexOf('=');
  if (at <= 0) throw new Fault(`--config must be as in replication.protocol=quorum, not '${text}'`);
  return { name: text.slice(0, at), value: text.slice(at + 1) };
}

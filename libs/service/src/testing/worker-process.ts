/**
 * A service in small, as a process of its own: the tally over kafkajs with a shutdown on signals. Specs start it to
 * see what a SIGTERM in the middle of work does. Prints a line for each command that it begins.
 */
import { nodeClock, nodeRandom, stayAlive } from '@tidemark/platform/node';
import { silentLogger } from '../hosting/logger.js';
import { shutDownOnSignal } from '../hosting/shutdown.js';
import { KafkaTopics } from '../kafka/kafka-topics.js';
import { PartitionWorker } from '../worker/partition-worker.js';
import { tally, tallyInput, tallyLog } from './tally.js';

const [brokers = '', commands = '', events = '', group = '', pauseMs = '0'] = process.argv.slice(2);
const logger = silentLogger;
const topics = new KafkaTopics({
  brokers: brokers.split(','),
  replica: 'worker-process',
  clock: nodeClock,
  random: nodeRandom,
  logger,
});
const worker = await PartitionWorker.start({
  topics,
  clock: nodeClock,
  logger,
  group,
  log: tallyLog(events),
  inputs: [
    {
      ...tallyInput(commands),
      before: async (command) => {
        process.stdout.write(`began ${command.name}\n`);
        await new Promise((resolve) => setTimeout(resolve, Number(pauseMs)));
      },
    },
  ],
  decider: tally,
  keyOf: (command) => command.name,
});
stayAlive();
shutDownOnSignal({
  clock: nodeClock,
  logger,
  steps: [
    { name: 'worker', run: () => worker.close() },
    { name: 'topics', run: () => topics.close() },
  ],
});

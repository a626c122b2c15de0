/**
 * The API Server process: the HTTP edge of Tidemark, as many replicas as you like, no state of its own but what it
 * tails. Reads the environment, opens the doors, starts the server, tells where it listens, drains on SIGTERM.
 */
import { readFully } from '@tidemark/platform';
import { nodeClock, nodeDisk, nodeProcesses, nodeRandom, stayAlive } from '@tidemark/platform/node';
import {
  createLogger,
  describeError,
  EXIT_CONFIG,
  Health,
  KafkaTopics,
  readConfig,
  removeRunFile,
  shutDownOnSignal,
  writeRunFile,
} from '@tidemark/service';
import { SETTINGS, type Config } from './config.js';
import { startServer } from './server.js';

const read = readConfig(SETTINGS, process.env);
if ('faults' in read) {
  for (const fault of read.faults) process.stderr.write(`api-server: ${fault}\n`);
  process.exit(EXIT_CONFIG);
}
const logger = createLogger({ name: read.config.name, level: read.config.logLevel });

async function main(config: Config): Promise<void> {
  const doors = { clock: nodeClock, random: nodeRandom, disk: nodeDisk };
  const health = new Health(config.name);
  health.collectProcessMetrics();
  const topics = new KafkaTopics({ ...doors, brokers: config.brokers, replica: config.name, logger });
  const server = await startServer({
    ...doors,
    name: config.name,
    listen: config.listen,
    apiKey: Buffer.from(readFully(nodeDisk, config.apiKeyFile)).toString('utf8'),
    contentDirectory: config.content,
    topics,
    health,
    logger,
  });
  const { runFile } = config;
  const steps = [...server.shutdown];
  if (runFile !== undefined) {
    writeRunFile({
      ...doors,
      processes: nodeProcesses,
      path: runFile,
      name: config.name,
      kind: 'api-server',
      pid: process.pid,
      addresses: { http: server.address },
    });
    steps.push({ name: 'run file', run: () => removeRunFile(nodeDisk, runFile) });
  }
  shutDownOnSignal({ clock: nodeClock, logger, steps });
  logger.info({ address: server.address }, 'ready');
}

stayAlive();
main(read.config).catch((error: unknown) => {
  logger.error({ error: describeError(error) }, 'cannot start');
  process.stderr.write(`api-server: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});

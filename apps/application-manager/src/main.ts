/**
 * The Application Manager process: takes processes over by its consumer group, runs their jobs on this machine, writes
 * what happened. Reads the environment, opens the doors, starts, tells where it listens, drains on SIGTERM; jobs go on
 * running, and whoever owns their partition next re-attaches to them.
 */
import { availableParallelism } from 'node:os';
import {
  nodeClock,
  nodeDisk,
  nodeFileTree,
  nodeProcesses,
  nodeRandom,
  stayAlive,
} from '@tidemark/platform/node';
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
  type ShutdownStep,
} from '@tidemark/service';
import { listenForHealth } from './app.module.js';
import { startApplicationManager } from './application-manager.js';
import { DEFAULTS, SETTINGS, type Config } from './config.js';

const SLOTS_PER_CORE = 2;

const read = readConfig(SETTINGS, process.env);
if ('faults' in read) {
  for (const fault of read.faults) process.stderr.write(`application-manager: ${fault}\n`);
  process.exit(EXIT_CONFIG);
}
const logger = createLogger({ name: read.config.name, level: read.config.logLevel });

async function main(config: Config): Promise<void> {
  const doors = {
    clock: nodeClock,
    random: nodeRandom,
    disk: nodeDisk,
    files: nodeFileTree,
    processes: nodeProcesses,
  };
  const { name, runFile } = config;
  const health = new Health(name);
  health.collectProcessMetrics();
  const topics = new KafkaTopics({ ...doors, brokers: config.brokers, replica: name, logger });
  const manager = await startApplicationManager({
    ...doors,
    name,
    topics,
    health,
    logger,
    contentDirectory: config.content,
    jobsDirectory: config.jobs,
    slots: config.slots ?? SLOTS_PER_CORE * availableParallelism(),
    graceS: config.graceS ?? DEFAULTS.graceS,
    streamBytesMax: config.streamBytesMax ?? DEFAULTS.streamBytesMax,
    fileBytesMax: config.fileBytesMax ?? DEFAULTS.fileBytesMax,
    nodePath: process.execPath,
  });
  const { app, address } = await listenForHealth(health, config.listen, logger);
  const steps: ShutdownStep[] = [...manager.shutdown, { name: 'http', run: () => app.close() }];
  if (runFile !== undefined) {
    writeRunFile({
      ...doors,
      path: runFile,
      name,
      kind: 'application-manager',
      pid: process.pid,
      addresses: { http: address },
    });
    steps.push({ name: 'run file', run: () => removeRunFile(nodeDisk, runFile) });
  }
  shutDownOnSignal({ clock: nodeClock, logger, steps });
  logger.info({ address }, 'listening');
}

stayAlive();
main(read.config).catch((error: unknown) => {
  logger.error({ error: describeError(error) }, 'cannot start');
  process.stderr.write(`application-manager: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});

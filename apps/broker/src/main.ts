/**
 * The broker's process: reads the environment, starts a `Broker` on the real doors, says where it listens, and stops
 * it in order on SIGTERM or SIGINT. Faults of configuration end it with 78, all in one go; a directory or a port that
 * cannot be had ends it with one line that names it.
 */
import { LogError } from '@tidemark/log';
import { DiskError, NetworkError, writeFileAtomically } from '@tidemark/platform';
import { nodeClock, nodeDisk, nodeNetwork, nodeProcesses, nodeRandom } from '@tidemark/platform/node';
import { pino } from 'pino';
import { Broker, type BrokerAddresses } from './broker.js';
import { readConfig, type BrokerConfig } from './config.js';

const EXIT_FAILED = 1;
const EXIT_CONFIG = 78;

function endWith(exitCode: number, ...lines: readonly string[]): never {
  for (const line of lines) process.stderr.write(`tidemark-broker: ${line}\n`);
  process.exit(exitCode);
}

const read = readConfig(process.env);
if ('faults' in read) endWith(EXIT_CONFIG, ...read.faults);
const bootId =
  read.config.bootId === '' ? (nodeProcesses.identify(process.pid)?.bootId ?? '') : read.config.bootId;
const config = { ...read.config, bootId };
// As all processes write their lines: level by name, time as text.
const logger = pino({
  level: config.logLevel,
  base: { name: config.name },
  timestamp: pino.stdTimeFunctions.isoTime,
  formatters: { level: (label) => ({ level: label }) },
});

process.on('uncaughtException', (err) => {
  logger.fatal({ err }, 'broker failed');
  endWith(EXIT_FAILED, `failed: ${err.stack ?? err.message}`);
});

try {
  const broker = new Broker({
    config,
    doors: { clock: nodeClock, random: nodeRandom, disk: nodeDisk, network: nodeNetwork },
    logger,
    descriptorsMax: nodeProcesses.descriptorsMax(),
    onFailed: (err) => {
      logger.fatal({ err }, 'a log failed');
      endWith(EXIT_FAILED, `a log failed: ${err.message}`);
    },
  });
  stopOnSignals(broker);
  const addresses = await broker.start();
  if (config.runFile !== undefined) writeRunFile(config.runFile, config, addresses);
  logger.info({ ...addresses, startedInMs: Math.round(process.uptime() * 1000) }, 'broker is ready');
} catch (error) {
  if (error instanceof LogError) {
    endWith(error.code === 'foreign' ? EXIT_CONFIG : EXIT_FAILED, error.message);
  }
  if (error instanceof NetworkError || error instanceof DiskError) endWith(EXIT_FAILED, error.message);
  throw error;
}

function stopOnSignals(broker: Broker): void {
  let stopping = false;
  const stop = (signal: string): void => {
    if (stopping) return;
    stopping = true;
    logger.info({ signal }, 'broker stops');
    broker.stop().then(
      () => {
        if (config.runFile !== undefined) nodeDisk.removeSync(config.runFile);
        process.exit(0);
      },
      (err: unknown) => {
        logger.fatal({ err }, 'broker could not stop in order');
        process.exit(EXIT_FAILED);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

/** Who and where this process is, for the supervisor and the command line. */
function writeRunFile(path: string, { name }: BrokerConfig, { kafka, admin }: BrokerAddresses): void {
  const text = ({ host, port }: BrokerAddresses['kafka']): string => `${host}:${port}`;
  const content = {
    name,
    kind: 'broker',
    ...nodeProcesses.identify(process.pid),
    addresses: { kafka: text(kafka), ...(admin === undefined ? {} : { admin: text(admin) }) },
    startedAt: new Date().toISOString(),
  };
  writeFileAtomically(nodeDisk, path, Buffer.from(`${JSON.stringify(content)}\n`));
}

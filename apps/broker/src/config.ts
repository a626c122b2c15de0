/**
 * What a broker process is started with. `main.ts` hands the environment in; everything wrong with it is reported
 * together, so that one start shows all faults. Holds no state.
 */
import type { BrokerConfigName, BrokerSettings } from './config-table.js';
import { directoryIdOf, parseVoters, type Voter } from './controller/quorum/voters.js';
import { brokerSettings } from './settings.js';
import type { Address } from '@tidemark/platform';

export interface BrokerConfig {
  readonly name: string;
  readonly nodeId: number;
  readonly clusterId: string;
  /** Of the metadata quorum, the same at every broker; nothing: this broker alone. */
  readonly voters: readonly Voter[] | undefined;
  /** The directory id for a data directory that is empty yet, 36 characters; nothing: a random one. */
  readonly directoryId: string | undefined;
  readonly dataDirectory: string;
  readonly listen: Address;
  /** What clients are told to connect to; port 0 stands for the port that was bound. */
  readonly advertised: Address;
  /** Nothing: no admin HTTP (a broker in a simulation has no sockets). */
  readonly adminListen: Address | undefined;
  readonly runFile: string | undefined;
  /**
   * Of the machine: what was written on an earlier boot and not forced to disk may be lost. '' when it is not known;
   * `main.ts` asks the system.
   */
  readonly bootId: string;
  readonly logLevel: string;
  readonly settings: BrokerSettings;
  /** Settings given by the environment, by Kafka's name: shown as static by DescribeConfigs. */
  readonly configured: ReadonlyMap<string, string>;
}

export type Environment = Readonly<Record<string, string | undefined>>;

const KAFKA_PREFIX = 'TIDEMARK_KAFKA_';
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

/** `TIDEMARK_KAFKA_LOG_SEGMENT_BYTES` -> `log.segment.bytes`. */
const kafkaName = (variable: string): string =>
  variable.slice(KAFKA_PREFIX.length).toLowerCase().replaceAll('_', '.');

export function readConfig(
  environment: Environment,
): { config: BrokerConfig } | { faults: readonly string[] } {
  const faults: string[] = [];
  const configured = new Map<string, string>();
  for (const [variable, text] of Object.entries(environment)) {
    if (variable.startsWith(KAFKA_PREFIX) && text !== undefined) configured.set(kafkaName(variable), text);
  }
  const { settings, given, faults: settingFaults } = brokerSettings(configured);
  faults.push(...settingFaults);
  const listen = address(environment, 'TIDEMARK_LISTEN', '127.0.0.1:9092', faults);
  const nodeId = wholeNumber(environment, 'TIDEMARK_NODE_ID', '1', faults);
  const config: BrokerConfig = {
    name: environment.TIDEMARK_NAME ?? `broker-${nodeId}`,
    nodeId,
    clusterId: environment.TIDEMARK_CLUSTER_ID ?? '',
    voters: voters(environment, faults),
    directoryId: directoryId(environment, faults),
    dataDirectory: environment.TIDEMARK_DATA ?? '',
    listen,
    advertised:
      environment.TIDEMARK_ADVERTISED === undefined
        ? listen
        : address(environment, 'TIDEMARK_ADVERTISED', '', faults),
    adminListen: address(environment, 'TIDEMARK_ADMIN_LISTEN', '127.0.0.1:0', faults),
    runFile: environment.TIDEMARK_RUN_FILE,
    bootId: environment.TIDEMARK_BOOT_ID ?? '',
    logLevel: environment.TIDEMARK_LOG_LEVEL ?? 'info',
    settings,
    configured: given,
  };
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(config.clusterId)) {
    faults.push('TIDEMARK_CLUSTER_ID: must be 1 to 64 letters, digits, - or _');
  }
  if (!/^[\x21-\x7e]{0,100}$/.test(config.bootId))
    faults.push('TIDEMARK_BOOT_ID: must be at most 100 letters, digits or signs, without blanks');
  if (config.dataDirectory === '') faults.push('TIDEMARK_DATA: a directory for the logs is needed');
  if (!LOG_LEVELS.includes(config.logLevel)) {
    faults.push(`TIDEMARK_LOG_LEVEL: must be one of ${LOG_LEVELS.join(', ')}`);
  }
  return faults.length > 0 ? { faults } : { config };
}

function voters(environment: Environment, faults: string[]): readonly Voter[] | undefined {
  const text = environment.TIDEMARK_VOTERS;
  return text === undefined || text === '' ? undefined : parseVoters(text, 'TIDEMARK_VOTERS', faults);
}

function directoryId(environment: Environment, faults: string[]): string | undefined {
  const text = environment.TIDEMARK_DIRECTORY_ID;
  if (text === undefined || text === '') return undefined;
  const id = directoryIdOf(text);
  if (id === undefined) faults.push(`TIDEMARK_DIRECTORY_ID: must be a UUID, not '${text}'`);
  return id;
}

function wholeNumber(environment: Environment, variable: string, initial: string, faults: string[]): number {
  const text = environment[variable] ?? initial;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  faults.push(`${variable}: must be a whole number from 0, not '${text}'`);
  return 0;
}

function address(environment: Environment, variable: string, initial: string, faults: string[]): Address {
  const text = environment[variable] ?? initial;
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3] ?? -1);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined || port > 65535) {
    faults.push(`${variable}: must be host:port, not '${text}'`);
    return { host: '127.0.0.1', port: 0 };
  }
  return { host, port };
}

/** The environment variable of a Kafka setting, for messages and documentation. */
export const variableOf = (name: BrokerConfigName): string =>
  KAFKA_PREFIX + name.toUpperCase().replaceAll('.', '_');

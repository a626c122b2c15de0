/**
 * How every kafkajs client of a process is made: brokers, time-outs and retries spelled out (kafkajs changes its defaults
 * under NODE_ENV=test), its log turned into ours, and the reading of its errors. A new `Kafka` per client, because
 * clients of one share a map of committed offsets by group.
 */
import kafkajs from 'kafkajs';
import type { Kafka, RetryOptions } from 'kafkajs';
import type Cluster from 'kafkajs/src/cluster/index.js';
import { assert, type Clock, type Random } from '@tidemark/platform';
import type { Logger } from '../hosting/logger.js';
import { socketFactory } from './kafkajs-patches.js';

export interface KafkaSettings {
  readonly brokers: readonly string[];
  /** The process's name, such as api-server-1; client ids and the groups of tails begin with it. */
  readonly replica: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Within one call of kafkajs; what takes longer is retried by our own loops, which have deadlines. */
export const RETRY: RetryOptions = {
  initialRetryTime: 50,
  maxRetryTime: 500,
  factor: 0.2,
  multiplier: 2,
  retries: 3,
};

/** Group sessions: half a dozen missed heartbeats. Kafka allows no shorter session by default. */
export const SESSION_MS = 6_000;
export const HEARTBEAT_MS = 300;
/** The broker's long poll; also the longest wait of whatever follows a fetch on its connection. */
export const FETCH_WAIT_MS = 250;

const CONNECT_TIMEOUT_MS = 3_000;
const REQUEST_TIMEOUT_MS = 10_000;

export function createKafka(settings: KafkaSettings, purpose: string): Kafka {
  const logger = settings.logger.child({ kafka: purpose });
  return new kafkajs.Kafka({
    brokers: [...settings.brokers],
    clientId: `${settings.replica}.${purpose}`,
    connectionTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    enforceRequestTimeout: true,
    retry: RETRY,
    socketFactory,
    logLevel: kafkajs.logLevel.WARN,
    // What kafkajs calls an error is mostly one try of several; who gives up reports it itself.
    logCreator:
      () =>
      ({ log: { message, timestamp: _timestamp, logger: _logger, ...fields }, namespace }) => {
        logger.debug({ namespace, ...fields }, message);
      },
  });
}

export type KafkaCluster = typeof Cluster.prototype;

/** How a `Kafka` makes the cluster of each of its clients: by a method under a symbol that it does not export. */
const CREATE_CLUSTER = 'private:Kafka:createCluster';
const METADATA_AGE_MS = 300_000;

/** The cluster of a client that kafkajs does not have, for questions that its own clients ask in a roundabout way. */
export function createCluster(settings: KafkaSettings, purpose: string): KafkaCluster {
  const kafka = createKafka(settings, purpose);
  const symbol = Object.getOwnPropertySymbols(kafka).find(
    ({ description }) => description === CREATE_CLUSTER,
  );
  assert(symbol !== undefined, 'this kafkajs makes its clusters in another way');
  const { [symbol]: create } = kafka as unknown as Record<symbol, (options: object) => KafkaCluster>;
  assert(create !== undefined, 'a symbol that was found has a value');
  return create({ allowAutoTopicCreation: false, metadataMaxAge: METADATA_AGE_MS });
}

/** The protocol error that kafkajs wraps in its own, such as `UNKNOWN_TOPIC_OR_PARTITION`; nothing when it is none. */
export function protocolErrorType(error: unknown): string | undefined {
  for (let current = error, depth = 0; current instanceof Error && depth < 8; depth += 1) {
    if ('type' in current && typeof current.type === 'string') return current.type;
    current = current.cause;
  }
  return undefined;
}

/** The name of the innermost error: what happened, rather than that retries were exhausted. */
export function innermostError(error: unknown): Error {
  let current = error instanceof Error ? error : new Error(String(error));
  for (let depth = 0; current.cause instanceof Error && depth < 8; depth += 1) current = current.cause;
  return current;
}

/**
 * Three brokers that are one cluster, each in a process and a directory of its own, and topics with replicas on them.
 * `stop` ends the processes; the directories go with `directory`, which the caller made.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '@tidemark/platform/testing';
import type { Address } from '@tidemark/platform';
import {
  ByteWriter,
  createTopicsApi,
  decodeResponse,
  encodeRequest,
  ErrorCode,
  errorOf,
  metadataApi,
  readResponseHeader,
  writeFrame,
  writeRequestHeader,
  type Api,
  type Decoded,
  type Encodable,
  type FieldMap,
} from '@tidemark/wire';
import { ask } from '../kafka-setup.js';

const MAIN = new URL('../../../apps/broker/dist/main.js', import.meta.url).pathname;
const BROKERS = 3;
const READY_MS = 60_000;
const PAUSE_MS = 50;

export interface ClusterProcesses {
  readonly addresses: readonly Address[];
  stop(): Promise<void>;
}

export interface ReplicatedTopic {
  readonly name: string;
  readonly replicas: number;
  readonly protocol: 'primary-backup' | 'quorum';
}

export async function startCluster(directory: string): Promise<ClusterProcesses> {
  const nodes: { id: number; port: number; directoryId: string }[] = [];
  for (let id = 1; id <= BROKERS; id++) nodes.push({ id, port: await freePort(), directoryId: randomUUID() });
  const voters = nodes.map(({ id, port, directoryId }) => `${id}@127.0.0.1:${port}:${directoryId}`).join(',');
  const children = nodes.map(({ id, port, directoryId }) =>
    spawn(process.execPath, [MAIN], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        PATH: process.env.PATH,
        TIDEMARK_NODE_ID: String(id),
        TIDEMARK_CLUSTER_ID: 'bench',
        TIDEMARK_VOTERS: voters,
        TIDEMARK_DIRECTORY_ID: directoryId,
        TIDEMARK_DATA: join(directory, `broker-${id}`),
        TIDEMARK_LISTEN: `127.0.0.1:${port}`,
        TIDEMARK_RUN_FILE: join(directory, `run-${id}.json`),
        TIDEMARK_LOG_LEVEL: 'warn',
      },
    }),
  );
  const stop = async (): Promise<void> => {
    await Promise.all(children.map(ended));
  };
  try {
    await until(() => nodes.every(({ id }) => existsSync(join(directory, `run-${id}.json`))), 'brokers');
  } catch (error) {
    await stop();
    throw error;
  }
  return { addresses: nodes.map(({ port }) => ({ host: '127.0.0.1', port })), stop };
}

/** Creates the topic, of one partition, and answers where its leader is when all replicas are in sync. */
export async function createReplicatedTopic(bootstrap: Address, topic: ReplicatedTopic): Promise<Address> {
  const { name, replicas, protocol } = topic;
  const configs = [
    { name: 'replication.protocol', value: protocol },
    { name: 'min.insync.replicas', value: String(Math.min(2, replicas)) },
  ];
  const topics = [{ name, numPartitions: 1, replicationFactor: replicas, assignments: [], configs }];
  // After a load the disks are busy for a while, and the controller may be late or another one.
  await until(async () => {
    const { errorCode = -1, errorMessage } =
      (await call(bootstrap, createTopicsApi, 5, { topics })).topics[0] ?? {};
    if (errorCode === ErrorCode.NONE || errorCode === ErrorCode.TOPIC_ALREADY_EXISTS) return true;
    if (errorOf(errorCode)?.retriable === true) return undefined;
    throw new Error(`${name}: ${errorMessage ?? `error ${errorCode}`}`);
  }, `topic ${name} is created`);
  const leaderAt = async (asked: Address): Promise<Address | undefined> => {
    const answer = await call(asked, metadataApi, 9, { topics: [{ name }] });
    const partition = answer.topics[0]?.partitions[0];
    if (partition?.isrNodes.length !== replicas) return undefined;
    const leader = answer.brokers.find(({ nodeId }) => nodeId === partition.leaderId);
    return leader === undefined ? undefined : { host: leader.host, port: leader.port };
  };
  return until(async () => {
    const leader = await leaderAt(bootstrap);
    // It may hear of its topic a moment after the bootstrap broker.
    return leader === undefined ? undefined : leaderAt(leader);
  }, `topic ${name}`);
}

async function call<Q extends FieldMap, P extends FieldMap>(
  address: Address,
  api: Api<Q, P>,
  version: number,
  request: Encodable<Q>,
): Promise<Decoded<P>> {
  const writer = new ByteWriter();
  writeFrame(writer, () => {
    writeRequestHeader(writer, api, { apiVersion: version, correlationId: 1, clientId: 'bench' });
    encodeRequest(api, version, writer, request);
  });
  return ask(address, writer.written(), (reader) => {
    readResponseHeader(reader, api, version);
    return decodeResponse(api, version, reader);
  });
}

async function until<T>(condition: () => T | Promise<T>, what: string): Promise<NonNullable<T>> {
  const deadline = performance.now() + READY_MS;
  while (performance.now() < deadline) {
    const value = await condition();
    if (value !== undefined && value !== null && value !== false) return value;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  throw new Error(`not ready in time: ${what}`);
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

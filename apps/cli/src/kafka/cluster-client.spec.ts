/** The cluster as one command sees it while a broker dies: another is asked, and a new leader waited for. */
import { afterEach, describe, expect, it } from '@jest/globals';
import net from 'node:net';
import {
  ByteReader,
  ByteWriter,
  apiVersionsApi,
  encodeResponse,
  listOffsetsApi,
  metadataApi,
  readRequestHeader,
  writeFrame,
  writeResponseHeader,
  type Api,
  type Encodable,
  type FieldMap,
} from '@tidemark/wire';
import { ClusterClient, LATEST } from './cluster-client.js';

const HOST = '127.0.0.1';
const VERSIONS = [apiVersionsApi, metadataApi, listOffsetsApi].map(({ key, versions }) => {
  return { apiKey: key, minVersion: versions.min, maxVersion: Math.min(versions.max, 12) };
});

/** Answers by script, until it is killed. */
class ScriptedBroker {
  private readonly sockets = new Set<net.Socket>();
  private readonly server = net.createServer((socket) => {
    this.sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => this.answer(socket, chunk));
  });
  port = 0;
  leader = 1;
  asked = 0;
  /** Dies when it is asked for the n-th time, versions apart. */
  diesAt = Number.POSITIVE_INFINITY;

  constructor(private readonly cluster: ScriptedBroker[]) {
    cluster.push(this);
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, HOST, resolve));
    this.port = (this.server.address() as net.AddressInfo).port;
  }

  kill(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private answer(socket: net.Socket, chunk: Buffer): void {
    const reader = new ByteReader(chunk, 4);
    const apis = [apiVersionsApi, metadataApi, listOffsetsApi];
    const header = readRequestHeader(reader, (key) => apis.find((api) => api.key === key));
    const send = <Q extends FieldMap, P extends FieldMap>(
      api: Api<Q, P>,
      version: number,
      body: Encodable<P>,
    ): void => {
      const writer = new ByteWriter();
      writeFrame(writer, (frame) => {
        writeResponseHeader(frame, api, version, header.correlationId);
        encodeResponse(api, version, frame, body);
      });
      socket.write(writer.copy());
    };
    if (header.apiKey === apiVersionsApi.key) {
      send(apiVersionsApi, 0, { errorCode: 0, apiKeys: VERSIONS });
      return;
    }
    this.asked += 1;
    if (this.asked >= this.diesAt) this.kill();
    else if (header.apiKey === metadataApi.key) {
      const brokers = this.cluster.map(({ port }, index) => ({ nodeId: index + 1, host: HOST, port }));
      const one = { partitionIndex: 0, leaderId: this.leader, replicaNodes: [1, 2], isrNodes: [1, 2] };
      const topics = [{ name: 't', partitions: [{ errorCode: 0, ...one, offlineReplicas: [] }] }];
      const known = topics.map((topic) => ({ errorCode: 0, isInternal: false, ...topic }));
      send(metadataApi, header.apiVersion, { brokers, clusterId: 'c', controllerId: 1, topics: known });
    } else {
      const partitions = [{ partitionIndex: 0, errorCode: 0, timestamp: -1, offset: 7, leaderEpoch: 0 }];
      send(listOffsetsApi, header.apiVersion, { topics: [{ name: 't', partitions }] });
    }
  }
}

describe('cluster client', () => {
  const brokers: ScriptedBroker[] = [];
  const clients: ClusterClient[] = [];
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.close();
    for (const broker of brokers.splice(0)) broker.kill();
  });

  async function setUp() {
    const [first, second] = [new ScriptedBroker(brokers), new ScriptedBroker(brokers)];
    await first.listen();
    await second.listen();
    const cluster = await ClusterClient.open([{ host: HOST, port: first.port }]);
    clients.push(cluster);
    return { first, second, cluster };
  }

  it('asks another broker when the one that it asked dies under a question', async () => {
    const { first, cluster } = await setUp();
    first.diesAt = first.asked + 1;
    // The other one was never named: it is known from the metadata.
    expect((await cluster.topics(['t'])).map(({ name }) => name)).toEqual(['t']);
  });

  it('waits for a new leader when the one that it asked dies', async () => {
    const { first, second, cluster } = await setUp();
    const topics = await cluster.topics(['t']);
    first.kill();
    setTimeout(() => (second.leader = 2), 300);
    expect(await cluster.offsets(topics, LATEST)).toEqual(new Map([['t/0', 7]]));
  });

  it('says so when no broker is left', async () => {
    const { first, second, cluster } = await setUp();
    first.kill();
    second.kill();
    await expect(cluster.topics(['t'])).rejects.toThrow(/cannot be reached/);
  });
});

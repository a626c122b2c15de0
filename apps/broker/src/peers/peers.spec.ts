/** Peers over real sockets: a real broker, one that speaks rubbish, hangs up, says nothing, or is not there. */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Address } from '@tidemark/platform';
import { nodeClock, nodeNetwork } from '@tidemark/platform/node';
import {
  createTopicsApi,
  describeClusterApi,
  fetchApi,
  metadataApi,
  voteApi,
  type Api,
  type Decoded,
  type Encodable,
  type FieldMap,
} from '@tidemark/wire';
import { pino } from 'pino';
import { Deadlines } from '../replicas/deadlines.js';
import { RunningBroker, until } from '../testing/running-broker.js';
import { Tick } from '../tick.js';
import { PeerFailure } from './peer-failure.js';
import { Peers, type Peer, type PeerClosed, type ProbeOutcome } from './peers.js';

const HOST = '127.0.0.1';
const OTHER = 7;

function peersAt(address: () => Address | undefined): { peers: Peers; closed: PeerClosed[] } {
  const peers = new Peers({
    brokerId: 1,
    network: nodeNetwork,
    clock: nodeClock,
    tick: new Tick(nodeClock),
    deadlines: new Deadlines(nodeClock),
    logger: pino({ level: 'silent' }),
    addressOf: (brokerId) => (brokerId === OTHER ? address() : undefined),
    dispatch: () => {
      throw new Error('asks nothing of itself');
    },
    advertised: () => ({ host: HOST, port: 0 }),
  });
  const closed: PeerClosed[] = [];
  peers.onClosed((event) => closed.push(event));
  return { peers, closed };
}

function ask<Q extends FieldMap, P extends FieldMap>(
  peer: Peer,
  api: Api<Q, P>,
  version: number,
  request: Encodable<Q>,
  timeoutMs = 5000,
): Promise<Decoded<P> | PeerFailure> {
  return new Promise((resolve) => peer.request(api, version, request, timeoutMs, resolve));
}

const kindOf = (outcome: unknown): string => (outcome instanceof PeerFailure ? outcome.kind : 'answer');
const probe = (peers: Peers, target: number | Address, timeoutMs = 1000): Promise<ProbeOutcome> =>
  new Promise((resolve) => peers.probe(target, timeoutMs, resolve));

describe('a broker', () => {
  let running: RunningBroker;
  beforeAll(async () => {
    running = await RunningBroker.start();
  });
  afterAll(() => running.stop());

  it('answers another, many requests at once and for several purposes', async () => {
    const { peers } = peersAt(() => running.addresses.kafka);
    const asked = Array.from({ length: 50 }, (_, n) =>
      ask(peers.to(OTHER, n % 2 === 0 ? 'control' : 'forward'), describeClusterApi, 1, {
        includeClusterAuthorizedOperations: false,
      }),
    );
    const answers = await Promise.all(asked);
    expect(answers.map((answer) => (answer instanceof PeerFailure ? answer : answer.clusterId))).toEqual(
      Array(50).fill('spec-cluster'),
    );
    expect(peers.isLinked(OTHER, 'control')).toBe(true);
    expect(peers.isLinked(OTHER, 'fetch')).toBe(false);
    peers.close();
  });

  it('is found again where it has moved to', async () => {
    const elsewhere = await RunningBroker.start({ TIDEMARK_CLUSTER_ID: 'elsewhere' });
    let { kafka } = running.addresses;
    const { peers, closed } = peersAt(() => kafka);
    const clusterId = async (): Promise<string> => {
      const answer = await ask(peers.to(OTHER, 'control'), metadataApi, 12, { topics: [] });
      return answer instanceof PeerFailure ? answer.kind : (answer.clusterId ?? '');
    };
    expect(await clusterId()).toBe('spec-cluster');
    kafka = elsewhere.addresses.kafka;
    expect(await clusterId()).toBe('elsewhere');
    expect(closed.map(({ purpose, failure }) => [purpose, failure.kind])).toEqual([['control', 'closed']]);
    peers.close();
    await elsewhere.stop();
  });

  it('that stops is told at once, and dialled anew at the next request', async () => {
    const short = await RunningBroker.start();
    const { peers, closed } = peersAt(() => short.addresses.kafka);
    const waiting = ask(peers.to(OTHER, 'fetch'), fetchApi, 4, {
      replicaId: -1,
      maxWaitMs: 60_000,
      minBytes: 1,
      topics: [],
    });
    await until(() => short.broker.metrics.requests(fetchApi.key) === 1);
    await short.restart();
    expect(['closed', 'answer']).toContain(kindOf(await waiting));
    await until(() => closed.length === 1);
    expect(closed[0]).toMatchObject({ brokerId: OTHER, purpose: 'fetch' });
    expect(kindOf(await ask(peers.to(OTHER, 'fetch'), metadataApi, 12, { topics: [] }))).toBe('answer');
    peers.close();
    await short.stop();
  });

  it('is connected to by a probe; nobody is refused; nowhere is unanswered', async () => {
    const { peers } = peersAt(() => running.addresses.kafka);
    expect(await probe(peers, OTHER)).toBe('connected');
    expect(await probe(peers, running.addresses.kafka)).toBe('connected');
    expect(await probe(peers, 99)).toBe('unanswered');
    expect(await probe(peers, 1)).toBe('connected');
    const gone = await RunningBroker.start();
    const { kafka } = gone.addresses;
    await gone.stop();
    expect(await probe(peers, kafka)).toBe('refused');
    peers.close();
  });

  it('asks itself without bytes: what was not given has its default, in both directions', async () => {
    const self = running.broker.peers.to(1, 'forward');
    const asked = {
      topics: [{ name: 'mine', numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] }],
    };
    const created = await ask(self, createTopicsApi, 7, { ...asked, timeoutMs: 1000 });
    expect(created).toMatchObject({ throttleTimeMs: 0, topics: [{ name: 'mine', errorCode: 0 }] });
    const seen = await ask(self, metadataApi, 12, { topics: [{ name: 'mine' }] });
    const read = await (await running.connect()).ask(metadataApi, 12, { topics: [{ name: 'mine' }] });
    expect(seen).toEqual(read);
  });

  it('tells itself what it does not serve, and never before the request has returned', async () => {
    const self = running.broker.peers.to(1, 'control');
    let told = false;
    const outcome = ask(self, { ...voteApi, key: 20_000 }, 2, { clusterId: 'c', topics: [] }).then(
      (failure) => {
        told = true;
        return failure;
      },
    );
    expect(told).toBe(false);
    expect(kindOf(await outcome)).toBe('protocol');
    expect(kindOf(await ask(self, metadataApi, 99, { topics: [] }))).toBe('protocol');
  });

  it('runs out of time with itself too', async () => {
    const client = await running.connect();
    const topicId = await client.createTopic('parked');
    const fetch = {
      maxWaitMs: 60_000,
      minBytes: 1,
      topics: [{ topicId, partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 100 }] }],
    };
    expect(kindOf(await ask(running.broker.peers.to(1, 'fetch'), fetchApi, 13, fetch, 20))).toBe('timeout');
  });

  it('fails what it has asked itself when it stops', async () => {
    const short = await RunningBroker.start();
    await short.stop();
    const outcome = await ask(short.broker.peers.to(1, 'control'), metadataApi, 12, { topics: [] });
    expect(kindOf(outcome)).toBe('closed');
  });
});

describe('a peer', () => {
  let server: Server;
  let greet: (socket: Socket) => void = () => undefined;
  const sockets = new Set<Socket>();
  const address = (): Address => ({ host: HOST, port: (server.address() as AddressInfo).port });
  beforeAll(async () => {
    server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      greet(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  });
  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  const outcome = async (behave: (socket: Socket) => void, timeoutMs = 5000): Promise<PeerFailure> => {
    greet = behave;
    const { peers, closed } = peersAt(address);
    const failure = await ask(peers.to(OTHER, 'quorum'), metadataApi, 12, { topics: [] }, timeoutMs);
    expect(peers.isLinked(OTHER, 'quorum')).toBe(false);
    expect(closed).toHaveLength(1);
    peers.close();
    expect(failure).toBeInstanceOf(PeerFailure);
    return failure as PeerFailure;
  };

  it('that speaks rubbish is hung up on', async () => {
    const failure = await outcome((socket) =>
      socket.on('data', () => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')),
    );
    expect(failure.kind).toBe('protocol');
  });

  it('that hangs up in the middle of an answer did it itself', async () => {
    const failure = await outcome((socket) =>
      socket.on('data', () => socket.end(Buffer.from('0000004000000001', 'hex'))),
    );
    expect([failure.kind, failure.byPeer]).toEqual(['closed', true]);
  });

  it('that resets did it itself', async () => {
    const failure = await outcome((socket) => socket.on('data', () => socket.resetAndDestroy()));
    expect([failure.kind, failure.byPeer]).toEqual(['closed', true]);
  });

  it('that never answers is given up', async () => {
    expect((await outcome(() => undefined, 30)).kind).toBe('timeout');
  });

  it('that is not there refuses', async () => {
    const nobody = createServer();
    await new Promise<void>((resolve) => nobody.listen(0, HOST, resolve));
    const { port } = nobody.address() as AddressInfo;
    await new Promise((resolve) => nobody.close(resolve));
    const { peers } = peersAt(() => ({ host: HOST, port }));
    expect(kindOf(await ask(peers.to(OTHER, 'control'), metadataApi, 12, { topics: [] }))).toBe('refused');
  });

  it('of which nobody knows the address is unreachable', async () => {
    const { peers } = peersAt(() => undefined);
    expect(kindOf(await ask(peers.to(OTHER, 'control'), metadataApi, 12, { topics: [] }))).toBe(
      'unreachable',
    );
  });

  it('hears nothing more once we have closed', async () => {
    const { peers } = peersAt(address);
    greet = () => undefined;
    const waiting = ask(peers.to(OTHER, 'control'), metadataApi, 12, { topics: [] });
    peers.close();
    expect(kindOf(await waiting)).toBe('closed');
    expect(kindOf(await ask(peers.to(OTHER, 'control'), metadataApi, 12, { topics: [] }))).toBe('closed');
    expect(await probe(peers, address())).toBe('unanswered');
  });
});

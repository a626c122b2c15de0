// Rubbish on the Kafka port of a real broker: frames that lie about their size, end early, or ask for what there is
// not; other protocols; thousands of spoilt requests from a seed; connections by the hundred; clients that do not go
// on and clients that do not read. Each gets Kafka's error code or a closed connection and is counted, memory stays
// bounded, and a client that produces and fetches all the while does not notice.
import { connect } from 'node:net';
import {
  alterConfigsApi,
  APIS,
  apiVersionsApi,
  buildBatch,
  ByteReader,
  createPartitionsApi,
  createTopicsApi,
  decodeResponse,
  describeConfigsApi,
  ErrorCode,
  fetchApi,
  joinGroupApi,
  metadataApi,
  produceApi,
  readResponseHeader,
  type AnyApi,
} from '@tidemark/wire';
import { BrokerProcess } from '../harness/broker-process.js';
import { eventually } from '../harness/eventually.js';
import { readPartition } from '../harness/read-partition.js';
import { WireConnection } from '../harness/wire-connection.js';
import { closedFor, memoryOf, openFilesOf } from './broker-figures.js';
import { Fuzz, seeded } from './fuzzed-requests.js';
import { body, framed, header, int32, RawSocket } from './raw-socket.js';
import { Victim } from './victim.js';

const SEED = Number(process.env.TIDEMARK_FUZZ_SEED ?? 20_260_118);
const FRAMES_PER_VERSION = 12;
const LANES = 8;
/** Broker, its buffers for the largest frame that may come, and what the garbage collector has not looked at. */
const MEMORY_MAX_MB = 700;
/** A round of the victim on a loaded machine; without an attack it takes a few milliseconds. */
const ROUND_MAX_MS = 5_000;
/** Fetches that wait, and the group APIs that do. */
const MAY_WAIT = new Set([1, 11, 14]);

const any = (api: unknown): AnyApi => api as AnyApi;
/** An ApiVersions request that is answered on any connection that still works. */
const probe = (correlationId: number): Buffer => framed(header(apiVersionsApi, 0, correlationId));

describe('frames', () => {
  let broker: BrokerProcess;
  let victim: Victim;
  let filesAtRest = 0;
  const slow: RawSocket[] = [];
  const trickles: NodeJS.Timeout[] = [];
  beforeAll(async () => {
    broker = await BrokerProcess.start({ 'offsets.topic.num.partitions': '3' });
    victim = await Victim.start(broker.address);
    await victim.goesOn();
    filesAtRest = openFilesOf(broker.pid);
    slow.push(await beginsAndTrickles(), await sendsHalfALength(), await neverReads());
  }, 60_000);
  afterEach(async () => {
    await victim.goesOn();
    expect(victim.complaints).toEqual([]);
    expect(broker.running).toBe(true);
  }, 30_000);
  afterAll(async () => {
    for (const trickle of trickles) clearInterval(trickle);
    for (const socket of slow) socket.destroy();
    await victim.stop();
    await broker.stop();
  }, 30_000);

  /** A frame of a megabyte, a byte of it at a time. */
  async function beginsAndTrickles(): Promise<RawSocket> {
    const socket = await RawSocket.open(broker.address);
    socket.send(int32(1_000_000), header(produceApi, 7));
    trickles.push(setInterval(() => socket.send(Buffer.alloc(1)), 200));
    return socket;
  }

  async function sendsHalfALength(): Promise<RawSocket> {
    const socket = await RawSocket.open(broker.address);
    socket.send(Buffer.alloc(2));
    return socket;
  }

  /** Asks for the same eight megabytes a hundred times and reads none of them. */
  async function neverReads(): Promise<RawSocket> {
    const connection = await WireConnection.open(broker.address);
    const asked = { topics: [{ name: 'large' }], allowAutoTopicCreation: true };
    await eventually(
      async () => (await connection.request(metadataApi, 4, asked)).topics[0]?.errorCode === ErrorCode.NONE,
    );
    const record = { key: null, value: Buffer.alloc(1_000_000, 'x'), headers: [] };
    for (let count = 0; count < 8; count++) {
      await connection.request(produceApi, 7, {
        transactionalId: null,
        acks: -1,
        timeoutMs: 10_000,
        topicData: [
          {
            name: 'large',
            partitionData: [{ index: 0, records: buildBatch([record], { timestamp: Date.now() }) }],
          },
        ],
      });
    }
    connection.close();
    const socket = await RawSocket.open(broker.address);
    socket.socket.pause();
    for (let id = 0; id < 100; id++) socket.send(framed(header(fetchApi, 11, id), largeFetch()));
    return socket;
  }

  const largeFetch = (): Buffer =>
    body(any(fetchApi), 11, {
      replicaId: -1,
      maxWaitMs: 0,
      minBytes: 1,
      maxBytes: 0x7fffffff,
      topics: [{ topic: 'large', partitions: [{ fetchOffset: 0, partitionMaxBytes: 0x7fffffff }] }],
    });

  const metadataBody = (): Buffer => body(any(metadataApi), 4, { topics: [] });

  it.each<[string, string, () => Buffer]>([
    ['a negative size', 'frame-size-negative', () => int32(-1)],
    ['the smallest size', 'frame-size-negative', () => int32(0x80000000)],
    ['no size', 'frame-size-negative', () => int32(0)],
    ['the largest size', 'frame-too-large', () => int32(0x7fffffff)],
    ['a byte more than allowed', 'frame-too-large', () => int32(100 * 1024 * 1024 + 1)],
    ['HTTP', 'frame-too-large', () => Buffer.from('GET / HTTP/1.1\r\nHost: broker\r\n\r\n')],
    ['HTTP/2', 'frame-too-large', () => Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')],
    ['a TLS handshake', 'frame-too-large', () => Buffer.from('16030100f5010000f1030300', 'hex')],
    ['an SSH greeting', 'frame-too-large', () => Buffer.from('SSH-2.0-OpenSSH_9.6\r\n')],
    ['a frame without a header', 'malformed', () => framed(Buffer.alloc(3))],
    ['an API that no broker has', 'unknown-api', () => framed(header({ key: 999, flexibleFrom: 1 }, 0))],
    [
      'an API of brokers among themselves',
      'unknown-api',
      () => framed(header({ key: 4, flexibleFrom: 9 }, 0)),
    ],
    ['a negative API key', 'unknown-api', () => framed(header({ key: -1, flexibleFrom: 1 }, 0))],
    ['a version to come', 'unsupported-version', () => framed(header(metadataApi, 99), metadataBody())],
    ['a negative version', 'unsupported-version', () => framed(header(metadataApi, -1), metadataBody())],
    [
      'a body that ends early',
      'malformed',
      () => framed(header(metadataApi, 4), metadataBody().subarray(0, 3)),
    ],
    ['an array longer than its frame', 'malformed', () => framed(header(metadataApi, 4), int32(0x7fffffff))],
    ['noise after a header', 'malformed', () => framed(header(produceApi, 9), Buffer.alloc(300, 0xfe))],
    [
      'a client id longer than its frame',
      'malformed',
      () => framed(Buffer.from('00030004000000017fff61', 'hex')),
    ],
    ['a varint without an end', 'malformed', () => framed(header(metadataApi, 12), Buffer.alloc(30, 0xff))],
  ])('closes the connection for %s', async (_name, reason, bytes) => {
    const before = await closedFor(broker, reason);
    const socket = await RawSocket.open(broker.address);
    socket.send(bytes(), Buffer.alloc(10_000, 0x41));
    expect(await socket.untilClosed()).toBe(true);
    expect(socket.frames).toEqual([]);
    expect(await closedFor(broker, reason)).toBe(before + 1);
  });

  it('forgets frames whose sender hangs up in the middle of them', async () => {
    const whole = framed(header(metadataApi, 4), metadataBody());
    for (let length = 1; length < whole.length; length++) {
      const socket = await RawSocket.open(broker.address);
      socket.send(whole.subarray(0, length));
      socket.socket.end();
      expect(await socket.untilClosed()).toBe(true);
      expect(socket.frames).toEqual([]);
    }
  }, 30_000);

  it('answers ApiVersions of a version to come in version 0, and goes on', async () => {
    const socket = await RawSocket.open(broker.address);
    socket.send(framed(header(apiVersionsApi, 99, 7), Buffer.from('from the future')), probe(8));
    await socket.until(() => socket.frames.length === 2);
    expect(socket.frames[0]?.subarray(0, 6).toString('hex')).toBe('000000070023');
    expect(socket.closed).toBe(false);
    socket.destroy();
  });

  it('overlooks bytes that nobody asked for behind a body', async () => {
    const socket = await RawSocket.open(broker.address);
    socket.send(framed(header(metadataApi, 4, 5), metadataBody(), Buffer.alloc(500, 0xaa)), probe(6));
    await socket.until(() => socket.answerTo(6) !== undefined);
    expect(socket.frames.map((frame) => frame.readInt32BE(0))).toEqual([5, 6]);
    socket.destroy();
  });

  it.each<[string, AnyApi, number, () => Buffer]>([
    ['50,000,000 topics', any(metadataApi), 4, () => padded(int32(50_000_000), 100_000_000)],
    ['3,000,000 partitions', any(fetchApi), 4, () => padded(fetchOf(3_000_000), 100_000_000)],
    ['90,000 partitions', any(fetchApi), 4, () => padded(fetchOf(90_000), 2_000_000)],
    ['a topic 90,000 times', any(metadataApi), 4, () => metadataOf(() => 'large')],
    ['90,000 topics that are not there', any(metadataApi), 4, () => metadataOf((index) => `t${index}`)],
    ['90,000 topics without partitions', any(createTopicsApi), 2, () => newTopics()],
    ['more partitions for 90,000 topics', any(createPartitionsApi), 0, () => morePartitions()],
    ['the configuration of a topic 90,000 times', any(describeConfigsApi), 1, () => configsOf('large')],
    ['90,000 changes of a configuration', any(alterConfigsApi), 0, () => configsOf('large', [])],
    ['50 MB of a group member', any(joinGroupApi), 2, () => largeMember()],
  ])(
    'is not held up by one request for %s',
    async (_name, api, version, content) => {
      const socket = await RawSocket.open(broker.address);
      victim.longestMs = 0;
      socket.send(framed(header(api, version, 1), content()), probe(2));
      await socket.until(() => socket.answerTo(2) !== undefined, 60_000);
      expect(socket.closed || socket.frames.length === 2).toBe(true);
      expect(Math.max(0, ...socket.frames.map(({ length }) => length))).toBeLessThan(10_000_000);
      await victim.goesOn();
      socket.destroy();
      expect(victim.longestMs).toBeLessThan(ROUND_MAX_MS);
      expect(memoryOf(broker.pid).mostMb).toBeLessThan(MEMORY_MAX_MB);
    },
    90_000,
  );

  const padded = (start: Buffer, bytes: number): Buffer => Buffer.concat([start], bytes);
  const many = <Value>(make: (index: number) => Value): Value[] =>
    Array.from({ length: 90_000 }, (_, index) => make(index));

  /** Everything up to the partitions of the only topic; zeroes may follow. */
  function fetchOf(partitions: number): Buffer {
    const limits = Buffer.from('ffffffff00000000000000007fffffff00', 'hex');
    return Buffer.concat([limits, int32(1), Buffer.from('0006766963746d6d', 'hex'), int32(partitions)]);
  }

  function metadataOf(name: (index: number) => string): Buffer {
    const topics = many((index) => ({ name: name(index) }));
    return body(any(metadataApi), 4, { topics, allowAutoTopicCreation: false });
  }

  function newTopics(): Buffer {
    const assignment = { numPartitions: 0, replicationFactor: 1, assignments: [], configs: [] };
    const topics = many((index) => ({ name: `t${index}`, ...assignment }));
    return body(any(createTopicsApi), 2, { topics, timeoutMs: 1_000 });
  }

  function morePartitions(): Buffer {
    const topics = many((index) => ({ name: `t${index}`, count: 2, assignments: null }));
    return body(any(createPartitionsApi), 0, { topics, timeoutMs: 1_000 });
  }

  function configsOf(topic: string, configs?: object[]): Buffer {
    const resources = many((index) => ({
      resourceType: 2,
      resourceName: configs === undefined ? topic : `t${index}`,
      configurationKeys: null,
      configs,
    }));
    return configs === undefined
      ? body(any(describeConfigsApi), 1, { resources })
      : body(any(alterConfigsApi), 0, { resources });
  }

  function largeMember(): Buffer {
    return body(any(joinGroupApi), 2, {
      groupId: 'heavy',
      sessionTimeoutMs: 6_000,
      rebalanceTimeoutMs: 6_000,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: Buffer.alloc(50_000_000) }],
    });
  }

  it(`survives spoilt requests of every API and version (TIDEMARK_FUZZ_SEED=${SEED})`, async () => {
    const bugs = await closedFor(broker, 'internal-error');
    const cases = APIS.flatMap((api) =>
      Array.from({ length: api.versions.max - api.versions.min + 1 }, (_, index) => ({
        api,
        version: api.versions.min + index,
      })),
    );
    const tally = { answered: 0, closed: 0, waiting: 0 };
    const lane = async (own: typeof cases, seed: number): Promise<void> => {
      const fuzz = new Fuzz(seeded(seed), ['fuzzed', 'fuzzed-too', 'some-group']);
      let socket = await RawSocket.open(broker.address);
      for (const { api, version } of own) {
        for (let count = 0; count < FRAMES_PER_VERSION; count++) {
          const outcome = await sendSpoilt(socket, api, version, fuzz.body(api, version));
          tally[outcome] += 1;
          if (outcome === 'answered') continue;
          socket.destroy();
          socket = await RawSocket.open(broker.address);
        }
      }
      socket.destroy();
    };
    const share = (number: number): typeof cases => cases.filter((_, index) => index % LANES === number);
    await Promise.all(Array.from({ length: LANES }, (_, number) => lane(share(number), SEED + number)));
    expect(tally.answered + tally.closed + tally.waiting).toBe(cases.length * FRAMES_PER_VERSION);
    expect(tally.answered).toBeGreaterThan(cases.length);
    expect(tally.closed).toBeGreaterThan(cases.length);
    expect(broker.log).not.toMatch(/request failed/);
    expect(await closedFor(broker, 'internal-error')).toBe(bugs);
    expect(memoryOf(broker.pid).nowMb).toBeLessThan(MEMORY_MAX_MB);
  }, 120_000);

  /** What became of one request; an answer must be one that the API's clients can read. */
  async function sendSpoilt(
    socket: RawSocket,
    api: AnyApi,
    version: number,
    content: Buffer,
  ): Promise<'answered' | 'closed' | 'waiting'> {
    socket.frames.length = 0;
    socket.send(framed(header(api, version, 41), content), probe(42));
    const waitMs = MAY_WAIT.has(api.key) ? 300 : 20_000;
    await socket.until(() => socket.answerTo(42) !== undefined, waitMs);
    const answer = socket.answerTo(41);
    if (answer !== undefined) {
      const reader = new ByteReader(answer);
      readResponseHeader(reader, api, version);
      decodeResponse(api as Parameters<typeof decodeResponse>[0], version, reader);
      expect(reader.remaining).toBe(0);
    }
    if (socket.answerTo(42) !== undefined) return 'answered';
    if (!socket.closed && !MAY_WAIT.has(api.key)) {
      throw new Error(`${api.name} ${version}: no answer to ${content.toString('hex')}`);
    }
    return socket.closed ? 'closed' : 'waiting';
  }

  it.each(['//', '///', 'http://[', '*', '/metrics/../../etc/passwd', '/%ff%00', `/${'x'.repeat(10_000)}`])(
    'answers %s on its side door, and lives',
    async (path) => {
      const { port } = new URL(broker.adminUrl());
      const socket = connect(Number(port), '127.0.0.1');
      socket.end(`GET ${path} HTTP/1.1\r\nHost: broker\r\nConnection: close\r\n\r\n`);
      let text = '';
      for await (const chunk of socket) text += String(chunk);
      expect(text).toMatch(/^HTTP\/1\.1 404 /);
    },
  );

  it('lets go of five hundred connections that come and go', async () => {
    const sockets = await Promise.all(Array.from({ length: 500 }, () => RawSocket.open(broker.address)));
    for (const [index, socket] of sockets.entries()) {
      if (index % 3 === 0) socket.send(probe(index));
      if (index % 3 === 1) socket.send(int32(5_000));
    }
    const asked = sockets.filter((_, index) => index % 3 === 0);
    for (const socket of asked) expect(await socket.until(() => socket.frames.length === 1)).toBe(true);
    for (const [index, socket] of sockets.entries()) {
      if (index % 2 === 0) socket.destroy();
      else socket.socket.resetAndDestroy();
    }
    await eventually(() => openFilesOf(broker.pid) <= filesAtRest + slow.length + 20);
  }, 60_000);

  it('closes on those who do not go on, and on those who do not read', async () => {
    for (const socket of slow.slice(0, 2)) expect(await socket.untilClosed(60_000)).toBe(true);
    expect(await closedFor(broker, 'frame-timeout')).toBe(2);
    await eventually(async () => (await closedFor(broker, 'slow-reader')) === 1, 60_000);
    expect(memoryOf(broker.pid).nowMb).toBeLessThan(MEMORY_MAX_MB);
  }, 130_000);

  it('has kept every record of the client that did not notice', async () => {
    await victim.stop();
    const seen = await readPartition(broker.address, victim.topic);
    expect(seen.map(({ value }) => Number(value))).toEqual(Array.from(seen.keys()));
    expect(seen.length).toBe(victim.rounds);
    expect(victim.longestMs).toBeLessThan(ROUND_MAX_MS);
    process.stdout.write(
      `victim: ${victim.rounds} rounds, longest ${Math.round(victim.longestMs)} ms; ` +
        `broker: at most ${Math.round(memoryOf(broker.pid).mostMb)} MB\n`,
    );
  });
});

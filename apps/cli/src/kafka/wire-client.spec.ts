/** The client of the wire protocol before brokers that answer, contradict, break off or are none. */
import { afterEach, describe, expect, it } from '@jest/globals';
import net from 'node:net';
import {
  ByteReader,
  ByteWriter,
  apiVersionsApi,
  decodeRequest,
  encodeResponse,
  metadataApi,
  readRequestHeader,
  writeFrame,
  writeResponseHeader,
  type RequestHeader,
} from '@tidemark/wire';
import { Fault } from '../console/fault.js';
import { WireClient } from './wire-client.js';

type Answer = (socket: net.Socket, header: RequestHeader, body: ByteReader) => void;

const SPOKEN = [
  { apiKey: apiVersionsApi.key, minVersion: 0, maxVersion: 3 },
  { apiKey: metadataApi.key, minVersion: 0, maxVersion: 5 },
];

describe('wire client', () => {
  const open: { server: net.Server; sockets: Set<net.Socket>; clients: WireClient[] }[] = [];

  afterEach(async () => {
    for (const { server, sockets, clients } of open.splice(0)) {
      for (const client of clients) client.close();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  /** A broker that tells its versions and leaves every other request to `answer`. */
  const connect = async (answer: Answer): Promise<WireClient> => {
    const sockets = new Set<net.Socket>();
    const server = net.createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) => {
        const reader = new ByteReader(chunk, 4);
        const header = readRequestHeader(reader, (key) =>
          key === metadataApi.key ? metadataApi : apiVersionsApi,
        );
        if (header.apiKey === apiVersionsApi.key) sendVersions(socket, header);
        else answer(socket, header, reader);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as net.AddressInfo;
    const made = { server, sockets, clients: [] as WireClient[] };
    open.push(made);
    const client = await WireClient.connect({ host: '127.0.0.1', port });
    made.clients.push(client);
    return client;
  };
  const send = (socket: net.Socket, write: (writer: ByteWriter) => void): void => {
    const writer = new ByteWriter();
    writeFrame(writer, write);
    socket.write(writer.copy());
  };
  const sendVersions = (socket: net.Socket, header: RequestHeader): void =>
    send(socket, (writer) => {
      writeResponseHeader(writer, apiVersionsApi, 0, header.correlationId);
      encodeResponse(apiVersionsApi, 0, writer, { errorCode: 0, apiKeys: SPOKEN });
    });
  const sendMetadata = (socket: net.Socket, header: RequestHeader, clusterId: string): void =>
    send(socket, (writer) => {
      writeResponseHeader(writer, metadataApi, header.apiVersion, header.correlationId);
      encodeResponse(metadataApi, header.apiVersion, writer, { brokers: [], clusterId, topics: [] });
    });

  it('speaks the highest version that both do, one request at a time', async () => {
    const versions: number[] = [];
    const client = await connect((socket, header, body) => {
      versions.push(header.apiVersion);
      const { topics } = decodeRequest(metadataApi, header.apiVersion, body);
      sendMetadata(socket, header, String(topics?.length));
    });
    const answers = await Promise.all([
      client.call(metadataApi, { topics: [] }),
      client.call(metadataApi, { topics: [{ name: 'a' }] }, 4),
    ]);
    expect(answers.map((answer) => answer.clusterId)).toEqual(['0', '1']);
    expect(versions).toEqual([5, 4]);
  });

  it('puts an answer together that comes byte by byte', async () => {
    const client = await connect((socket, header) => {
      const pieces: Buffer[] = [];
      const collect = { write: (bytes: Buffer) => pieces.push(bytes) } as unknown as net.Socket;
      sendMetadata(collect, header, 'c');
      for (const byte of Buffer.concat(pieces)) socket.write(Buffer.of(byte));
    });
    expect((await client.call(metadataApi, { topics: null })).clusterId).toBe('c');
  });

  it.each<[string, Answer, RegExp]>([
    ['closes the connection', (socket) => socket.destroy(), /closed the connection/],
    [
      'answers another request',
      (socket, header) => sendMetadata(socket, { ...header, correlationId: 77 }, 'c'),
      /answered request 77 instead of/,
    ],
    [
      'sends a frame without end',
      (socket) => socket.write(Buffer.from([0x7f, 0xff, 0xff, 0xff])),
      /frame of/,
    ],
    [
      'sends half an answer that is no answer',
      (socket) => socket.write(Buffer.from([0, 0, 0, 5, 0, 0, 0, 2, 9])),
      /./,
    ],
  ])('fails in one line when the broker %s', async (_name, answer, message) => {
    const client = await connect(answer);
    await expect(client.call(metadataApi, { topics: null })).rejects.toThrow(message);
  });

  it('says which API has no version in common', async () => {
    const client = await connect(() => undefined);
    await expect(client.call(metadataApi, { topics: null }, -1)).rejects.toThrow(
      'no version of Metadata in common',
    );
  });

  it('says that nobody listens', async () => {
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as net.AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    await expect(WireClient.connect({ host: '127.0.0.1', port })).rejects.toBeInstanceOf(Fault);
  });
});

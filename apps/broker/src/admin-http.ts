/**
 * The broker's side door for people and monitors: /healthz, /readyz, /metrics, and what the broker knows as JSON under
 * /brokers and /topics. Reads only. Started by `broker.ts`; binds to loopback unless told otherwise.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { NetworkError, type Address } from '@tidemark/platform';
import type { Registry } from 'prom-client';
import type { MetadataImage } from './controller/metadata-image.js';
import type { Replicas } from './replicas/replicas.js';

export interface AdminHttpOptions {
  readonly registry: Registry;
  readonly image: () => MetadataImage;
  /** The active controller's; -1 while there is none. */
  readonly controllerId: () => number;
  readonly replicas: Replicas;
  /** True between the end of the start and the beginning of the stop. */
  readonly ready: () => boolean;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const json = (value: unknown, status = 200): Answer => ({
  status,
  type: 'application/json',
  body: `${JSON.stringify(value)}\n`,
});

export class AdminHttp {
  private readonly server: Server;

  constructor(private readonly options: AdminHttpOptions) {
    this.server = createServer((request, response) => {
      // A question that cannot be answered costs its asker the connection, and the broker nothing.
      this.serve(request, response).catch(() => response.destroy());
    });
    this.server.requestTimeout = 10_000;
    this.server.maxHeadersCount = 100;
  }

  /** Rejects with `NetworkError`. */
  listen({ host, port }: Address): Promise<Address> {
    return new Promise((resolve, reject) => {
      const refuse = (cause: NodeJS.ErrnoException): void => {
        const code = cause.code === 'EADDRINUSE' ? 'address-in-use' : 'io';
        reject(new NetworkError(code, cause.message, { cause }));
      };
      this.server.once('error', refuse);
      this.server.listen(port, host, () => {
        this.server.removeListener('error', refuse);
        const bound = this.server.address();
        resolve(bound === null || typeof bound === 'string' ? { host, port } : { host, port: bound.port });
      });
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, type, body } = await this.answer(request);
    response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
    response.end(request.method === 'HEAD' ? undefined : body);
  }

  private async answer(request: IncomingMessage): Promise<Answer> {
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return json({ error: 'only GET is served' }, 405);
    const { registry, image, controllerId, ready } = this.options;
    // Not by `new URL`, which throws on what a stranger may send ("//").
    switch (request.url?.split('?', 1)[0]) {
      case '/healthz':
        return json({ status: 'ok' });
      case '/readyz':
        return ready() ? json({ status: 'ready' }) : json({ status: 'not ready' }, 503);
      case '/metrics':
        return { status: 200, type: registry.contentType, body: await registry.metrics() };
      case '/brokers':
        return json({ controllerId: controllerId(), brokers: [...image().brokers.values()] });
      case '/topics':
        return json(this.topics());
      default:
        return json({ error: 'not found' }, 404);
    }
  }

  private topics(): unknown[] {
    return [...this.options.image().topics.values()].map((topic) => ({
      name: topic.name,
      id: topic.id,
      internal: topic.internal,
      configs: topic.configs,
      partitions: topic.partitions.map((partition) => {
        const replica = this.options.replicas.topic(topic.name)?.partitions[partition.partition];
        const here = typeof replica === 'object' ? replica : undefined;
        return {
          ...partition,
          logStartOffset: here?.logStartOffset ?? null,
          highWatermark: here?.highWatermark ?? null,
          logEndOffset: here?.logEndOffset ?? null,
          bytes: here?.log.sizeBytes ?? null,
        };
      }),
    }));
  }
}

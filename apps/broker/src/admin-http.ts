/**
 * The broker's side door for people and monitors: /healthz, /readyz, /metrics, and what the broker knows as JSON under
 * /brokers, /topics and /topics/NAME and as a tree that can be watched under /registry. Reads only. Started by `broker.ts`; binds to loopback unless told otherwise.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { NetworkError, type Address } from '@tidemark/platform';
import type { Registry } from 'prom-client';
import type { MetadataImage, TopicImage } from './controller/metadata-image.js';
import { registryQuestion, registryText, watchRegistry } from './registry/registry-http.js';
import type { Registry as RegistryTree } from './registry/registry.js';
import type { Replicas } from './replicas/replicas.js';

export interface AdminHttpOptions {
  readonly registry: Registry;
  readonly tree: RegistryTree;
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
    this.options.tree.close();
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const question = registryQuestion(request.url ?? '');
    const watched = question?.watch === true && request.method === 'GET' ? question.path : undefined;
    if (watched !== undefined && watchRegistry(this.options.tree, watched, response)) return;
    const { status, type, body } =
      watched === undefined ? await this.answer(request) : json({ error: 'too many watchers' }, 503);
    response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
    response.end(request.method === 'HEAD' ? undefined : body);
  }

  private async answer(request: IncomingMessage): Promise<Answer> {
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return json({ error: 'only GET is served' }, 405);
    const { registry, image, controllerId, ready, tree } = this.options;
    const question = registryQuestion(request.url ?? '');
    if (question !== undefined) {
      const body = registryText(tree, question.path);
      if (body === undefined) return json({ error: `there is nothing at ${question.path}` }, 404);
      return { status: 200, type: 'application/json', body };
    }
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
        return json([...image().topics.values()].map((topic) => this.topic(topic)));
      default:
        return this.oneTopic(request.url ?? '') ?? json({ error: 'not found' }, 404);
    }
  }

  private oneTopic(url: string): Answer | undefined {
    const name = /^\/topics\/([a-zA-Z0-9._-]+)$/.exec(url)?.[1];
    const topic = name === undefined ? undefined : this.options.image().topics.get(name);
    return topic === undefined ? undefined : json(this.topic(topic));
  }

  private topic({ name, id, internal, configs, partitions }: TopicImage): unknown {
    const hosted = this.options.replicas.topic(name)?.partitions;
    const described = partitions.map((partition) => {
      const replica = hosted?.[partition.partition];
      const here = typeof replica === 'object' ? replica : undefined;
      return {
        ...partition,
        logStartOffset: here?.logStartOffset ?? null,
        highWatermark: here?.highWatermark ?? null,
        logEndOffset: here?.logEndOffset ?? null,
        bytes: here?.log.sizeBytes ?? null,
        // Only the leader knows: everything below is on the follower, -1 before it has asked in this epoch.
        followers:
          here?.leadership?.followers.map(({ brokerId, fetchOffset }) => ({
            brokerId,
            logEndOffset: fetchOffset,
          })) ?? null,
      };
    });
    return { name, id, internal, configs, partitions: described };
  }
}

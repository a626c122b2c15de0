/**
 * Health, readiness and metrics of a service. `Health` holds the named conditions of readiness (a tail that has caught
 * up, a database that answers) and whether the process drains; three plain routes show them, outside of NestJS's
 * guards and prefixes, so that a supervisor needs no key to ask. Unready while draining or while a condition fails.
 */
import { Registry, collectDefaultMetrics } from 'prom-client';

/** Undefined when the condition holds, else why not. */
export type Condition = () => string | undefined;

export class Health {
  readonly registry = new Registry();
  readonly #conditions = new Map<string, Condition>();
  #draining = false;

  constructor(name: string) {
    this.registry.setDefaultLabels({ process: name });
  }

  /** Node's own metrics too; they start a timer, so specs leave them out. */
  collectProcessMetrics(): void {
    collectDefaultMetrics({ register: this.registry });
  }

  /** A service is ready when every required condition holds. A second condition of the same name replaces the first. */
  require(name: string, condition: Condition): void {
    this.#conditions.set(name, condition);
  }

  /** Requires a promise, such as a tail's `caughtUp`. */
  requireSettled(name: string, settled: Promise<unknown>, waiting: string): void {
    let reason: string | undefined = waiting;
    settled.then(
      () => (reason = undefined),
      (error: unknown) => (reason = error instanceof Error ? error.message : String(error)),
    );
    this.require(name, () => reason);
  }

  /** From now on unready, so that nobody sends more; for ever. */
  drain(): void {
    this.#draining = true;
  }

  /** Why this process is not ready, by condition; empty when it is. */
  faults(): Readonly<Record<string, string>> {
    const faults: Record<string, string> = this.#draining ? { draining: 'the process is shutting down' } : {};
    for (const [name, condition] of this.#conditions) {
      const reason = condition();
      if (reason !== undefined) faults[name] = reason;
    }
    return faults;
  }

  get ready(): boolean {
    return Object.keys(this.faults()).length === 0;
  }
}

/** The part of a Fastify reply and instance that is used; Nest's adapter gives one by `getInstance()`. */
export interface RouteReply {
  code(status: number): RouteReply;
  header(name: string, value: string): RouteReply;
  send(body: unknown): unknown;
}

export interface RouteServer {
  get(path: string, handler: (request: unknown, reply: RouteReply) => unknown): unknown;
}

/** /healthz: alive (200). /readyz: 200 or 503 with the reasons. /metrics: Prometheus text. */
export function registerHealthRoutes(server: RouteServer, health: Health): void {
  server.get('/healthz', (_request, reply) => reply.code(200).send({ status: 'alive' }));
  server.get('/readyz', (_request, reply) => {
    const faults = health.faults();
    const ready = Object.keys(faults).length === 0;
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'unready', faults });
  });
  server.get('/metrics', async (_request, reply) => {
    const text = await health.registry.metrics();
    return reply.code(200).header('content-type', health.registry.contentType).send(text);
  });
}

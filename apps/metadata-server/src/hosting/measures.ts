/**
 * The service's own figures for Prometheus: what became of events, how the deciders and the projection are doing.
 */
import type { FoldOutcome } from '@tidemark/contracts';
import type { Health, ProjectionRunner, TopicTransport } from '@tidemark/service';
import { Counter, Gauge } from 'prom-client';
import type { CatalogWorker } from '../catalog/catalog-worker.js';
import type { ExperimentsWorker } from '../experiments/experiments-worker.js';

export interface Measured {
  readonly experiments: ExperimentsWorker;
  readonly catalog: CatalogWorker;
  readonly projection: ProjectionRunner;
  readonly transport: TopicTransport;
}

export class Measures {
  readonly #health: Health;
  readonly #outcomes: Counter<'outcome' | 'type'>;

  constructor(health: Health) {
    this.#health = health;
    this.#outcomes = new Counter({
      name: 'tidemark_events_folded_total',
      help: 'Events of owned partitions, by what the state table made of them',
      labelNames: ['outcome', 'type'],
      registers: [health.registry],
    });
  }

  folded(outcome: FoldOutcome, type: string): void {
    this.#outcomes.inc({ outcome, type });
  }

  observe({ experiments, catalog, projection, transport }: Measured): void {
    this.#gauge(
      'tidemark_commands_decided',
      'Commands decided',
      () => experiments.counts.decided + catalog.counts.decided,
    );
    this.#gauge('tidemark_dead_letters', 'Records sent to the dead letters', () =>
      [experiments, catalog, transport].reduce((sum, { counts }) => sum + counts.deadLetters, 0),
    );
    this.#gauge('tidemark_queries_handled', 'Questions handled', () => transport.counts.handled);
    this.#gauge(
      'tidemark_partitions_owned',
      'Partitions owned by the experiments decider',
      () => experiments.partitions.length,
    );
    this.#gauge('tidemark_projection_lag', 'Records not yet in the rows', () => projection.status().lag);
    this.#gauge('tidemark_projection_live', '1 while the projection is live', () =>
      projection.state === 'live' ? 1 : 0,
    );
  }

  #gauge(name: string, help: string, value: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.#health.registry],
      collect() {
        this.set(value());
      },
    });
  }
}

/**
 * What the Application Manager counts, in the registry of its health. A second copy of an attempt that came and left
 * (`duplicates`) is the figure to watch: in normal life it stays 0.
 */
import type { HistoryEvent, PartitionState } from './processes/history.js';
import type { Registry } from 'prom-client';
import { Counter, Gauge } from 'prom-client';

export class Metrics {
  readonly #launches: Counter;
  readonly #duplicates: Counter;
  readonly #takeovers: Counter;
  readonly #ends: Counter<'event'>;
  readonly #refused: Counter;

  constructor(private readonly registry: Registry) {
    const registers = [registry];
    const counter = (name: string, help: string): Counter => new Counter({ name, help, registers });
    this.#launches = counter('tidemark_job_launches_total', 'Attempts that this replica has launched');
    this.#duplicates = counter(
      'tidemark_job_duplicates_total',
      'Second copies of an attempt that left again',
    );
    this.#takeovers = counter('tidemark_process_takeovers_total', 'Processes taken over from another owner');
    this.#refused = counter(
      'tidemark_process_events_refused_total',
      'Events of processes that changed nothing',
    );
    this.#ends = new Counter({
      name: 'tidemark_processes_ended_total',
      help: 'Processes that ended, by the last event',
      labelNames: ['event'],
      registers,
    });
  }

  gauge(name: string, help: string, value: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.registry],
      collect() {
        this.set(value());
      },
    });
  }

  /** Of events folded while this replica owns their partition. */
  folded({ message }: HistoryEvent, { outcome }: PartitionState): void {
    if (outcome === 'refused') this.#refused.inc();
    if (outcome !== 'applied') return;
    switch (message.type) {
      case 'JobSubmitted':
        this.#launches.inc();
        return;
      case 'ProcessTakenOver':
        this.#takeovers.inc();
        return;
      case 'ProcessCompleted':
      case 'ProcessFailed':
      case 'ProcessCanceled':
        this.#ends.inc({ event: message.type });
        return;
      default:
        return;
    }
  }

  duplicates(count: number): void {
    if (count > 0) this.#duplicates.inc(count);
  }
}

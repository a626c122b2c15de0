/**
 * What the broker counts. Counters are plain arrays so that a request costs a few additions; Prometheus' text is made
 * of them when somebody asks. Labels come from our own tables (APIs, close reasons), never from clients.
 */
import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import type { CompactionTotals, ScrubTotals } from '@tidemark/log';
import { CLOSE_REASONS, type CloseReason } from './network/close-reason.js';

/** Published request keys are below; the place after them is that of our own keys, all together. */
const API_KEYS = 128;
const placeOf = (key: number): number => (key < API_KEYS ? key : API_KEYS);

type MetricType = typeof Counter | typeof Gauge;

/** Figures that others hold and that are read when the metrics are. */
export interface MetricSources {
  connections(): number;
  partitions(): number;
  parkedReads(): number;
  tailBytes(): number;
  compaction(): Readonly<CompactionTotals>;
  scrubbing(): Readonly<ScrubTotals>;
}

export class BrokerMetrics {
  /** Bytes of record batches appended for clients, and handed to readers. */
  producedBytes = 0;
  producedBatches = 0;
  fetchedBytes = 0;
  /** Bytes of record batches that followers copied from here, and that were copied here. */
  replicatedOutBytes = 0;
  replicatedInBytes = 0;
  private readonly started = new Float64Array(API_KEYS + 1);
  private readonly ended = new Float64Array(API_KEYS + 1);
  private readonly busyMs = new Float64Array(API_KEYS + 1);
  private readonly longestMs = new Float64Array(API_KEYS + 1);
  private readonly closed = new Map<CloseReason, number>(CLOSE_REASONS.map((reason) => [reason, 0]));
  private opened = 0;

  requestStarted(key: number): void {
    const place = placeOf(key);
    this.started[place] = (this.started[place] ?? 0) + 1;
  }

  requestEnded(apiKey: number, elapsedMs: number): void {
    const key = placeOf(apiKey);
    this.ended[key] = (this.ended[key] ?? 0) + 1;
    this.busyMs[key] = (this.busyMs[key] ?? 0) + elapsedMs;
    if (elapsedMs > (this.longestMs[key] ?? 0)) this.longestMs[key] = elapsedMs;
  }

  connectionOpened(): void {
    this.opened += 1;
  }

  connectionClosed(reason: CloseReason): void {
    this.closed.set(reason, (this.closed.get(reason) ?? 0) + 1);
  }

  closedConnections(reason: CloseReason): number {
    return this.closed.get(reason) ?? 0;
  }

  requests(key: number): number {
    return this.started[placeOf(key)] ?? 0;
  }

  /** A registry whose figures are read from here at each scrape. `apis` names the keys that are served. */
  registry(
    apis: readonly { readonly key: number; readonly name: string }[],
    sources: MetricSources,
  ): Registry {
    const registry = new Registry();
    collectDefaultMetrics({ register: registry, prefix: 'tidemark_' });
    const perApi = (
      name: string,
      help: string,
      value: (key: number) => number,
      type: MetricType = Counter,
    ): void => {
      const metric: Counter | Gauge = new type({
        name: `tidemark_broker_${name}`,
        help,
        labelNames: ['api'],
        registers: [registry],
        collect: () => {
          metric.reset();
          for (const api of apis) metric.inc({ api: api.name }, value(placeOf(api.key)));
        },
      });
    };
    perApi('requests_total', 'Requests taken up', (key) => this.started[key] ?? 0);
    perApi('answers_total', 'Requests answered', (key) => this.ended[key] ?? 0);
    perApi('request_seconds_total', 'Time from request to answer', (key) => (this.busyMs[key] ?? 0) / 1000);
    const longest = (key: number): number => (this.longestMs[key] ?? 0) / 1000;
    perApi('request_seconds_max', 'Longest time from request to answer', longest, Gauge);
    this.addConnections(registry);
    const single = (name: string, help: string, value: () => number, type: MetricType = Counter): void => {
      const metric: Counter | Gauge = new type({
        name: `tidemark_broker_${name}`,
        help,
        registers: [registry],
        collect: () => {
          metric.reset();
          metric.inc(value());
        },
      });
    };
    single('produced_bytes_total', 'Bytes of record batches appended', () => this.producedBytes);
    single('produced_batches_total', 'Record batches appended', () => this.producedBatches);
    single('fetched_bytes_total', 'Bytes of record batches read', () => this.fetchedBytes);
    const outBytes = (): number => this.replicatedOutBytes;
    single('replicated_out_bytes_total', 'Bytes of record batches that followers copied', outBytes);
    const inBytes = (): number => this.replicatedInBytes;
    single('replicated_in_bytes_total', 'Bytes of record batches copied from leaders', inBytes);
    single('connections', 'Open connections', () => sources.connections(), Gauge);
    single('partitions', 'Partitions with a replica here', () => sources.partitions(), Gauge);
    single('parked_reads', 'Fetch requests that wait for records', () => sources.parkedReads(), Gauge);
    single('tail_bytes', 'Memory of the tails of all logs, bytes', () => sources.tailBytes(), Gauge);
    const compacted = (name: keyof CompactionTotals) => (): number => sources.compaction()[name];
    single('compactions_total', 'Logs compacted', compacted('runs'));
    single('compaction_failures_total', 'Compactions that failed', compacted('failures'));
    single('compaction_read_bytes_total', 'Bytes of segments compacted', compacted('bytesBefore'));
    single('compaction_written_bytes_total', 'Bytes that compaction left', compacted('bytesAfter'));
    const scrubbed = (name: keyof ScrubTotals) => (): number => sources.scrubbing()[name];
    single('scrub_passes_total', 'Looks at all closed segments', scrubbed('passes'));
    single('scrub_bytes_total', 'Bytes of closed segments found whole', scrubbed('bytes'));
    single('scrub_damaged_logs_total', 'Logs in which a look found damage', scrubbed('damaged'));
    return registry;
  }

  private addConnections(registry: Registry): void {
    const opened = new Counter({
      name: 'tidemark_broker_connections_opened_total',
      help: 'Connections accepted',
      registers: [registry],
      collect: () => {
        opened.reset();
        opened.inc(this.opened);
      },
    });
    const closed = new Counter({
      name: 'tidemark_broker_connections_closed_total',
      help: 'Connections closed, by reason',
      labelNames: ['reason'],
      registers: [registry],
      collect: () => {
        closed.reset();
        for (const [reason, count] of this.closed) closed.inc({ reason }, count);
      },
    });
  }
}

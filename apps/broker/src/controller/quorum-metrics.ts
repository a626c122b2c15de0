/**
 * What operators ask of the metadata quorum: which epoch it is in, who leads it, how far the metadata is agreed, and how
 * restless it is. Read from this broker's part in it when somebody asks.
 */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { MetadataQuorum } from './quorum/metadata-quorum.js';

type Quorum = Pick<MetadataQuorum, 'leadership' | 'state' | 'logEndOffset' | 'elections' | 'leaderChanges'>;

const FIGURES: readonly (readonly [string, string, (quorum: Quorum) => number])[] = [
  ['quorum_epoch', 'Epoch of the metadata quorum', ({ state }) => state.epoch],
  [
    'quorum_leader_id',
    'Broker that leads the metadata quorum, -1 for none',
    ({ leadership }) => leadership.leaderId,
  ],
  ['quorum_high_watermark', 'Metadata offset below which all is agreed', ({ state }) => state.highWatermark],
  ['quorum_log_end_offset', 'End of the metadata log here', ({ logEndOffset }) => logEndOffset],
  ['quorum_elections_total', 'Elections in which this voter has stood', ({ elections }) => elections],
  [
    'quorum_leader_changes_total',
    'Leaders of the quorum that were seen here',
    ({ leaderChanges }) => leaderChanges,
  ],
];

export function addQuorumMetrics(registry: Registry, quorum: () => Quorum): void {
  for (const [name, help, value] of FIGURES) {
    const type: typeof Counter | typeof Gauge = name.endsWith('_total') ? Counter : Gauge;
    const metric: Counter | Gauge = new type({
      name: `tidemark_broker_${name}`,
      help,
      registers: [registry],
      collect: () => {
        metric.reset();
        metric.inc(value(quorum()));
      },
    });
  }
}

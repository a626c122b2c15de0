/** `tidemark projections fold`: folds the topics anew, here, to compare with what the databases hold. */
import type { Command } from 'commander';
import { renderTable } from '../../console/table.js';
import { foldProjection } from '../../kafka/fold-projection.js';
import { command } from '../command.js';
import { withCluster } from '../topics/with-cluster.js';

const REPORT_EVERY_MS = 1_000;

export function projectionsFoldCommand(): Command {
  return command('fold', 'fold the topics afresh, to compare with the databases', async ({ console }) => {
    let reportedAt = Date.now();
    const folded = await withCluster((cluster) =>
      foldProjection(cluster, (done, total) => {
        if (Date.now() - reportedAt < REPORT_EVERY_MS) return;
        reportedAt = Date.now();
        console.progress(`${done} of ${total} records`);
      }),
    );
    console.line(
      renderTable(
        ['PROJECTION', 'ROWS', 'RECORDS', 'HASH'],
        [
          [
            `${folded.projection} v${folded.version}`,
            String(folded.rows),
            String(folded.records),
            folded.hash.slice(0, 16),
          ],
        ],
      ),
    );
    console.document(folded);
  });
}

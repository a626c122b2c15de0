/** `tidemark projections list`: what each Metadata Server's database holds, how far it is, and its hash. */
import type { Command } from 'commander';
import { paintState } from '../../console/console.js';
import { renderTable } from '../../console/table.js';
import { command } from '../command.js';
import { findReplicas, readProjections, type ProjectionView } from './replica-admin.js';

export function projectionsListCommand(): Command {
  return command('list', 'list the projections of every replica', async ({ console }) => {
    const views = (await Promise.all(findReplicas().map(readProjections))).flat();
    console.line(projectionTable(views));
    console.document(views);
  });
}

export function projectionTable(views: readonly ProjectionView[]): string {
  return renderTable(
    ['REPLICA', 'PROJECTION', 'STATE', 'ROWS', 'LAG', 'HASH'],
    views.map((view) => [
      view.replica,
      `${view.projection} v${view.version}`,
      paintState(view.state),
      view.rows?.toString() ?? '-',
      String(view.lag),
      view.hash?.slice(0, 16) ?? '-',
    ]),
  );
}

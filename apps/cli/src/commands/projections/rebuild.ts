/** `tidemark projections rebuild`: throws a replica's view away and builds it again from the log. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { Fault } from '../../console/fault.js';
import type { RunFile } from '../../stack/run-file.js';
import { command } from '../command.js';
import { projectionTable } from './list.js';
import { findReplicas, readProjections, requestRebuild, type ProjectionView } from './replica-admin.js';

interface RebuildOptions {
  readonly replica?: string;
  readonly dropDatabase?: boolean;
}

const POLL_MS = 250;
const REPORT_EVERY_MS = 1_000;
const SILENCE_BOUND_MS = 30_000;
const WORKING = /build|catch|start/i;

export function projectionsRebuildCommand(): Command {
  return command<RebuildOptions>(
    'rebuild',
    'rebuild projections from the log',
    async ({ options, console }) => {
      const replicas = findReplicas(options.replica);
      for (const replica of replicas) await requestRebuild(replica, options.dropDatabase === true);
      const views: ProjectionView[] = [];
      for (const replica of replicas)
        views.push(...(await untilLive(replica, (line) => console.progress(line))));
      console.line(projectionTable(views));
      console.document(views);
    },
  )
    .option('--replica <name>', 'only this one, as metadata-server-1')
    .option('--drop-database', 'drop the whole database first');
}

/** Resolves when the replica's projections have reached the end of the log again. */
async function untilLive(replica: RunFile, report: (line: string) => void): Promise<ProjectionView[]> {
  let reportedAt = Date.now();
  let answeredAt = Date.now();
  for (;;) {
    await delay(POLL_MS);
    const views = await readProjections(replica).catch((cause: unknown) => {
      if (Date.now() - answeredAt > SILENCE_BOUND_MS) throw cause;
      return undefined;
    });
    if (views === undefined) continue;
    answeredAt = Date.now();
    const failed = views.find((view) => /fail/i.test(view.state));
    if (failed !== undefined) throw new Fault(`${replica.name}: the rebuild of ${failed.projection} failed`);
    if (views.length > 0 && views.every((view) => !WORKING.test(view.state) && view.lag === 0)) return views;
    if (Date.now() - reportedAt > REPORT_EVERY_MS) {
      reportedAt = Date.now();
      for (const view of views) report(`${replica.name}: ${view.state}, ${view.lag} records to go`);
    }
  }
}

/** `tidemark experiments [ID]`: the newest experiments, or one of them in full. */
import type { Command } from 'commander';
import { paintState } from '../../console/console.js';
import { Fault } from '../../console/fault.js';
import { renderTable } from '../../console/table.js';
import { ApiClient } from '../../stack/api-client.js';
import { documentOf, readExperiment } from '../../stack/experiment-document.js';
import { listExperiments } from '../../stack/experiment-list.js';
import { findApi } from '../../stack/target.js';
import { command } from '../command.js';
import { printExperiment } from './submit.js';

interface ExperimentsOptions {
  readonly status?: string;
  readonly application?: string;
  readonly limit: string;
}

export function experimentsCommand(): Command {
  return command<ExperimentsOptions>('experiments [id]', 'list experiments, or show one', async (call) => {
    const { options, console } = call;
    const api = new ApiClient(findApi());
    const id = call.arguments[0];
    if (id !== undefined) {
      const experiment = await readExperiment(api, id);
      printExperiment(experiment, console);
      console.document(documentOf(experiment));
      return;
    }
    const limit = Number(options.limit);
    if (!Number.isInteger(limit) || limit < 1) throw new Fault('--limit must be a whole number from 1');
    const filter = {
      ...(options.status === undefined ? {} : { status: options.status }),
      ...(options.application === undefined ? {} : { application: options.application }),
    };
    const experiments = await listExperiments(api, filter, limit);
    console.line(
      renderTable(
        ['ID', 'STATUS', 'APPLICATION', 'NAME', 'CREATED'],
        experiments.map((one) => [
          one.id,
          paintState(one.status),
          one.application.name,
          one.name,
          one.createdAt,
        ]),
      ),
    );
    console.document(experiments);
  })
    .option('--status <status>', 'only those')
    .option('--application <name>', 'only those')
    .option('--limit <n>', 'the newest n', '50');
}

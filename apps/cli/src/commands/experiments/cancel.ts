/** `tidemark cancel ID`: asks for the end of an experiment; its job is really gone once it is CANCELED. */
import type { Command } from 'commander';
import { paintState } from '../../console/console.js';
import { Fault } from '../../console/fault.js';
import { ApiClient } from '../../stack/api-client.js';
import { cancelExperiment } from '../../stack/cancel.js';
import { documentOf, readExperiment, waitForEnd } from '../../stack/experiment-document.js';
import { findApi } from '../../stack/target.js';
import { command } from '../command.js';

interface CancelOptions {
  readonly reason?: string;
  readonly wait?: boolean;
}

export function cancelCommand(): Command {
  return command<CancelOptions>('cancel <id>', 'cancel an experiment', async (call) => {
    const { options, console } = call;
    const id = call.arguments[0] ?? '';
    const api = new ApiClient(findApi());
    const accepted = await cancelExperiment(api, id, options.reason);
    if (accepted === undefined) {
      const { status } = await readExperiment(api, id);
      throw new Fault(`${id} has ended already: ${status}`);
    }
    if (options.wait !== true) {
      console.line(`${id}  ${paintState(accepted.status)}`);
      console.document(accepted);
      return;
    }
    const experiment = await waitForEnd(api, id, accepted.position, ({ status }) =>
      console.progress(`${id} ${paintState(status)}`),
    );
    console.line(`${id}  ${paintState(experiment.status)}`);
    console.document(documentOf(experiment));
  })
    .option('--reason <text>', 'why')
    .option('--wait', 'wait until it has ended');
}

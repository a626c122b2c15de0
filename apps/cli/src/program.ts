/** The table of commands. */
import { Command } from 'commander';
import { appsListCommand } from './commands/apps/list.js';
import { appsRegisterCommand } from './commands/apps/register.js';
import { brokersCommand } from './commands/brokers/brokers.js';
import { registryCommand } from './commands/registry.js';
import { cancelCommand } from './commands/experiments/cancel.js';
import { eventsCommand } from './commands/experiments/events.js';
import { experimentsCommand } from './commands/experiments/experiments.js';
import { outputCommand } from './commands/experiments/output.js';
import { submitCommand } from './commands/experiments/submit.js';
import { projectionsFoldCommand } from './commands/projections/fold.js';
import { projectionsListCommand } from './commands/projections/list.js';
import { projectionsRebuildCommand } from './commands/projections/rebuild.js';
import { downCommand } from './commands/stack/down.js';
import { killCommand } from './commands/stack/kill.js';
import { logsCommand } from './commands/stack/logs.js';
import { psCommand } from './commands/stack/ps.js';
import { startCommand } from './commands/stack/start.js';
import { upCommand } from './commands/stack/up.js';
import { groupsCommand } from './commands/topics/groups.js';
import { topicsCommand } from './commands/topics/topics.js';

export function createProgram(): Command {
  const program = new Command('tidemark')
    .description('Run scientific jobs on a log, and watch the log')
    .showHelpAfterError('(add --help for what there is)')
    // Else `topics` itself would take what is meant for `topics describe`.
    .enablePositionalOptions()
    .addHelpText(
      'after',
      '\nThe stack is found by TIDEMARK_URL and TIDEMARK_API_KEY, else in TIDEMARK_HOME or ./.tidemark.',
    );
  const stack = [upCommand(), downCommand(), psCommand(), killCommand(), startCommand(), logsCommand()];
  const experiments = [
    submitCommand(),
    experimentsCommand(),
    eventsCommand(),
    outputCommand(),
    cancelCommand(),
  ];
  const apps = group('apps', 'applications', [appsListCommand(), appsRegisterCommand()]);
  const projections = group('projections', 'the views that are folded from the log', [
    projectionsListCommand(),
    projectionsRebuildCommand(),
    projectionsFoldCommand(),
  ]);
  for (const command of [
    ...stack,
    apps,
    ...experiments,
    topicsCommand(),
    groupsCommand(),
    brokersCommand(),
    registryCommand(),
    projections,
  ]) {
    program.addCommand(command);
  }
  return program;
}

function group(name: string, description: string, commands: readonly Command[]): Command {
  const parent = new Command(name).description(description);
  for (const command of commands) parent.addCommand(command);
  return parent;
}

/** `tidemark submit APP`: one experiment from values and files; `--wait` ends when it does, and as it does. */
import type { ExperimentResponse } from '@tidemark/contracts';
import type { Command } from 'commander';
import { paintState, type Console } from '../../console/console.js';
import { Fault } from '../../console/fault.js';
import { formatBytes, renderTable } from '../../console/table.js';
import { ApiClient } from '../../stack/api-client.js';
import { documentOf, waitForEnd } from '../../stack/experiment-document.js';
import { followOutput } from '../../stack/follow-output.js';
import { submitExperiment } from '../../stack/submission.js';
import { findApi } from '../../stack/target.js';
import { collect, command } from '../command.js';

interface SubmitOptions {
  readonly input: readonly string[];
  readonly file: readonly string[];
  readonly name?: string;
  readonly key?: string;
  readonly walltime?: string;
  readonly wait?: boolean;
  readonly follow?: boolean;
}

export function submitCommand(): Command {
  return command<SubmitOptions>('submit <app>', 'run an application', async (call) => {
    const { options, console } = call;
    if (options.follow === true && console.json)
      throw new Fault("--follow prints the job's output, so it cannot be --json");
    const api = new ApiClient(findApi());
    const accepted = await submitExperiment(api, {
      application: call.arguments[0] ?? '',
      values: options.input,
      files: options.file,
      ...(options.name === undefined ? {} : { name: options.name }),
      ...(options.key === undefined ? {} : { key: options.key }),
      ...(options.walltime === undefined ? {} : { walltimeSeconds: Number(options.walltime) }),
    });
    if (options.wait !== true && options.follow !== true) {
      console.line(accepted.id);
      console.document(accepted);
      return;
    }
    console.progress(`${accepted.id} submitted`);
    const output = options.follow === true ? followOutput(api, accepted.id, 'stdout', console) : undefined;
    const experiment = await waitForEnd(api, accepted.id, accepted.position, ({ status }) =>
      console.progress(`${accepted.id} ${paintState(status)}`),
    );
    await output;
    report(experiment, console);
  })
    .option('-i, --input <name=value>', 'an input', collect, [])
    .option('-f, --file <name=path>', 'an input that is a file', collect, [])
    .option('--name <text>', 'what to call the experiment')
    .option('--key <key>', 'Idempotency-Key; random unless given')
    .option('--walltime <seconds>', 'end the job when it runs longer')
    .option('--wait', 'wait for the end; exit code 0 only when it COMPLETED')
    .option('--follow', "wait, and print the job's output while it runs");
}

function report(experiment: ExperimentResponse, console: Console): void {
  printExperiment(experiment, console);
  console.document(documentOf(experiment));
  if (experiment.status !== 'COMPLETED') process.exitCode = 1;
}

export function printExperiment(experiment: ExperimentResponse, console: Console): void {
  const { id, name, status, exitCode, reasonCode, detail, errors, outputs } = experiment;
  const words = [
    ...(exitCode === undefined ? [] : [`exit code ${exitCode}`]),
    ...(reasonCode === undefined || reasonCode === 'OK' ? [] : [reasonCode]),
    ...(detail === undefined || detail === '' ? [] : [detail]),
  ];
  console.line(`${id}  ${paintState(status)}  ${name}${words.length === 0 ? '' : `  (${words.join(', ')})`}`);
  for (const fault of errors) console.line(`  ${fault.pointer} ${fault.message}`);
  if (outputs.length === 0) return;
  console.line(
    renderTable(
      ['OUTPUT', 'BYTES', 'SHA256', 'DATA PRODUCT'],
      outputs.map((output) => [
        output.name,
        formatBytes(output.bytes),
        output.sha256.slice(0, 12),
        output.id,
      ]),
    ),
  );
}

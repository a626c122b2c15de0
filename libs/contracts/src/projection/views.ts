/**
 * From an experiment's state to what clients see of it. Used by whoever answers queries and by the CLI.
 */
import type { ExperimentState, ProcessState } from '../experiment/state.js';
import { processIdOf } from '../ids.js';
import type { StagedOutput } from '../messages/experiment-events.js';
import type { ExperimentSummary, ExperimentView, OutputView, ProcessView } from '../messages/queries.js';

export function experimentSummary(state: ExperimentState): ExperimentSummary {
  return {
    id: state.id,
    name: state.name,
    application: state.application,
    owner: state.owner,
    status: state.status,
    ...(state.reasonCode === undefined ? {} : { reasonCode: state.reasonCode }),
    ...(state.exitCode === undefined ? {} : { exitCode: state.exitCode }),
    createdAt: state.createdAt,
    updatedAt: state.updatedAt,
    ...(state.endedAt === undefined ? {} : { endedAt: state.endedAt }),
  };
}

export function experimentView(state: ExperimentState): ExperimentView {
  const staged = state.processes.flatMap((process) => process.outputs);
  const stdout = staged.find((output) => output.role === 'stdout');
  const stderr = staged.find((output) => output.role === 'stderr');
  return {
    ...experimentSummary(state),
    ...(state.description === undefined ? {} : { description: state.description }),
    inputs: state.inputs,
    resolvedInputs: state.spec?.inputs ?? [],
    ...(state.spec === undefined ? {} : { walltimeSeconds: state.spec.walltimeSeconds }),
    ...(state.detail === undefined ? {} : { detail: state.detail }),
    errors: state.errors,
    ...(state.cancel?.reason === undefined ? {} : { cancelReason: state.cancel.reason }),
    outputs: staged.filter((output) => output.role === 'output').map(outputView),
    ...(stdout === undefined ? {} : { stdout: outputView(stdout) }),
    ...(stderr === undefined ? {} : { stderr: outputView(stderr) }),
    processes: state.processes.map((process) => processView(state.id, process)),
    revision: state.revision,
  };
}

export function outputView(output: StagedOutput): OutputView {
  const { name, path, dataProductId, bytes, sha256 } = output;
  return { name, path, id: dataProductId, bytes, sha256 };
}

/** The process's exit code is that of its last job. */
export function processView(experimentId: string, process: ProcessState): ProcessView {
  const exitCode = process.jobs.at(-1)?.exitCode;
  return {
    id: processIdOf(experimentId, process.index),
    index: process.index,
    status: process.status,
    ...(process.reasonCode === undefined ? {} : { reasonCode: process.reasonCode }),
    ...(process.detail === undefined ? {} : { detail: process.detail }),
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(process.owner === undefined ? {} : { owner: process.owner }),
    jobs: process.jobs.map(({ specSha256: _spec, intendedAt: _time, pid: _pid, ...job }) => job),
    outputs: process.outputs,
  };
}

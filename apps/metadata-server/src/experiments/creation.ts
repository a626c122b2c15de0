/**
 * Judges a request for an experiment by the catalog: the resolved spec that the job will run by, or everything that is
 * wrong with it, together.
 */
import {
  type ExperimentSpec,
  type Fault,
  type Payload,
  type PayloadInput,
  resolveInputs,
} from '@tidemark/contracts';
import type { CatalogView } from './experiments-command.js';

export type Creation =
  | {
      readonly experiment: PayloadInput<'ExperimentCreated'>;
      readonly validated: PayloadInput<'ExperimentValidated'>;
    }
  | { readonly experiment: PayloadInput<'ExperimentCreated'>; readonly errors: readonly Fault[] };

export function creation(request: Payload<'CreateExperiment'>, catalog: CatalogView): Creation {
  const { experimentId: _id, catalogPosition: _position, ...experiment } = request;
  const { name, version } = request.application;
  const found = catalog.application(name, version);
  if (found === undefined) {
    const latest = version === undefined ? undefined : catalog.application(name);
    return { experiment, errors: [unknownApplication(name, latest === undefined ? undefined : version)] };
  }
  const { application } = found;
  const resolved = resolveInputs(application.inputs, request.inputs, (id) => catalog.dataProduct(id));
  if ('errors' in resolved) return { experiment, errors: resolved.errors };
  const walltimeSeconds = request.walltimeSeconds ?? application.walltimeSeconds;
  if (walltimeSeconds > application.walltimeSeconds) {
    return { experiment, errors: [walltimeTooLong(application.walltimeSeconds)] };
  }
  const spec: ExperimentSpec = {
    application: { name: application.name, version: application.version },
    command: application.command,
    ...(application.environment === undefined ? {} : { environment: application.environment }),
    files: application.files,
    inputs: [...resolved.inputs],
    outputs: application.outputs,
    walltimeSeconds,
    attemptsMax: application.attemptsMax,
  };
  return { experiment, validated: { spec, catalogPosition: catalog.position } };
}

function unknownApplication(name: string, version: string | undefined): Fault {
  return version === undefined
    ? {
        pointer: '/application/name',
        code: 'unknown-application',
        message: `there is no application "${name}"`,
      }
    : {
        pointer: '/application/version',
        code: 'unknown-version',
        message: `the application "${name}" has no version "${version}"`,
      };
}

function walltimeTooLong(max: number): Fault {
  return {
    pointer: '/walltimeSeconds',
    code: 'too-large',
    message: `the application allows at most ${max} seconds`,
  };
}

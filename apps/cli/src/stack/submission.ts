/**
 * A submission from the command line: `-i k=v` becomes a value of the type that the application declares, `-f
 * name=file` is uploaded and becomes a data product's id. Always sent with an Idempotency-Key, so that trying again
 * can never run it twice.
 */
import { randomUUID } from 'node:crypto';
import type { CreateExperimentRequest, ExperimentAccepted, InputValue } from '@tidemark/contracts';
import { Fault } from '../console/fault.js';
import type { ApiClient } from './api-client.js';
import { readApplication } from './application-file.js';
import { uploadFile } from './data-products.js';

export interface Submission {
  /** `name` or `name@version`. */
  readonly application: string;
  readonly name?: string;
  /** `k=v` each. */
  readonly values: readonly string[];
  /** `name=path` each. */
  readonly files: readonly string[];
  readonly walltimeSeconds?: number;
  readonly key?: string;
  /** What the view must have seen before the application is read. */
  readonly position?: string;
}

export async function submitExperiment(api: ApiClient, submission: Submission): Promise<ExperimentAccepted> {
  const [name = '', version] = submission.application.split('@');
  const inputs: Record<string, InputValue> = {};
  if (submission.values.length > 0) {
    const application = await readApplication(api, submission.application, submission.position);
    for (const [input, text] of submission.values.map((value) => splitPair(value, '-i'))) {
      const definition = application.inputs.find((candidate) => candidate.name === input);
      inputs[input] = definition === undefined ? text : valueOf(text, definition.type);
    }
  }
  for (const [input, file] of submission.files.map((value) => splitPair(value, '-f'))) {
    inputs[input] = (await uploadFile(api, file)).id;
  }
  const request: CreateExperimentRequest = {
    ...(submission.name === undefined ? {} : { name: submission.name }),
    application: { name, ...(version === undefined ? {} : { version }) },
    inputs,
    ...(submission.walltimeSeconds === undefined ? {} : { walltimeSeconds: submission.walltimeSeconds }),
  };
  const idempotencyKey = submission.key ?? randomUUID();
  return api.json<ExperimentAccepted>('/v1/experiments', { method: 'POST', json: request, idempotencyKey });
}

function splitPair(text: string, flag: string): [name: string, value: string] {
  const equals = text.indexOf('=');
  if (equals < 1) throw new Fault(`${flag} takes name=value, not '${text}'`);
  return [text.slice(0, equals), text.slice(equals + 1)];
}

/** Text that does not read as the type is sent as it is: the API says best what is wrong with it. */
function valueOf(text: string, type: string): InputValue {
  if (type === 'BOOLEAN' && (text === 'true' || text === 'false')) return text === 'true';
  if ((type === 'INTEGER' || type === 'FLOAT') && text.trim() !== '' && Number.isFinite(Number(text))) {
    return Number(text);
  }
  return text;
}

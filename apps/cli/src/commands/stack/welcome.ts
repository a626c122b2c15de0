/**
 * The very first start of a home: registers the applications of examples/ and runs one experiment, so that one
 * command has done what the platform is for. Remembered by a file in the home; not done again once it succeeded.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { ExperimentResponse } from '@tidemark/contracts';
import { Fault } from '../../console/fault.js';
import { ApiClient } from '../../stack/api-client.js';
import { waitForEnd } from '../../stack/experiment-document.js';
import type { Home } from '../../stack/home.js';
import { readOutput } from '../../stack/job-output.js';
import { registerApplication } from '../../stack/application-file.js';
import { submitExperiment } from '../../stack/submission.js';
import { findApi } from '../../stack/target.js';
import { CLONE_ROOT } from '../../supervisor/stack-plan.js';

export interface FirstExperiment {
  readonly experiment: ExperimentResponse;
  readonly stdout: string;
}

/** Nothing when this home has been welcomed already. Rejects with a `Fault`. */
export async function welcome(
  home: Home,
  report: (line: string) => void,
): Promise<FirstExperiment | undefined> {
  if (fs.existsSync(home.welcomedPath)) return undefined;
  const api = new ApiClient(findApi(home, {}));
  let position = '';
  for (const file of exampleFiles()) {
    const registered = await registerApplication(api, file);
    position = registered.position;
    report(`registered ${registered.name} ${registered.version}`);
  }
  report('running the first experiment: word-count of README.md');
  const accepted = await submitExperiment(api, {
    application: 'word-count',
    name: 'first experiment',
    values: [],
    files: [`text=${path.join(CLONE_ROOT, 'README.md')}`],
    position,
  });
  const experiment = await waitForEnd(api, accepted.id, accepted.position, ({ status }) =>
    report(`  ${status}`),
  );
  if (experiment.status !== 'COMPLETED') {
    throw new Fault(
      `${experiment.id} is ${experiment.status}: ${experiment.detail ?? experiment.reasonCode ?? ''}`,
    );
  }
  const stdout = Buffer.from(await readOutput(api, experiment.id, 'stdout')).toString('utf8');
  fs.writeFileSync(home.welcomedPath, `${experiment.id}\n`);
  return { experiment, stdout };
}

/** Every `examples/<name>/application.json` of the clone. */
function exampleFiles(): string[] {
  const examples = path.join(CLONE_ROOT, 'examples');
  if (!fs.existsSync(examples)) return [];
  return fs
    .readdirSync(examples)
    .sort()
    .map((name) => path.join(examples, name, 'application.json'))
    .filter((file) => fs.existsSync(file));
}

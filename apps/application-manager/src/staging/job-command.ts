/**
 * What exactly will run: the program with its arguments and environment, the files that go into the job's directory and
 * under which names. A pure function of the experiment's spec, so that a successor comes to the same, and its hash can be
 * written into the intent. Names in the directory are ours: a user's file name gives at most its suffix.
 */
import { canonicalJson, resolveArguments, sha256Hex, type ExperimentSpec } from '@tidemark/contracts';

export interface PlacedFile {
  /** The input's name; left out for a file of the application. */
  readonly name?: string;
  /** Below the job's directory. */
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly mode: number;
}

export interface JobCommand {
  readonly argv: readonly [string, ...string[]];
  readonly files: readonly PlacedFile[];
  readonly specSha256: string;
}

const APPLICATION_DIRECTORY = 'app';
const INPUTS_DIRECTORY = 'inputs';
const READ_ONLY = 0o444;
/** A file of the application may be its program. */
const READ_AND_RUN = 0o555;
const SUFFIX = /\.[A-Za-z0-9]{1,10}$/;
/** What the wrapper tells the job by begins so; an application must not hide from it. */
const RESERVED = 'TIDEMARK_';

export function jobCommand(spec: ExperimentSpec): JobCommand {
  const inputs = new Map<string, string>();
  const files: PlacedFile[] = spec.files.map(({ path, sha256, bytes }) => ({
    path: `${APPLICATION_DIRECTORY}/${path}`,
    sha256,
    bytes,
    mode: READ_AND_RUN,
  }));
  for (const { name, value, file } of spec.inputs) {
    if (file !== undefined) {
      const path = `${INPUTS_DIRECTORY}/${name}${SUFFIX.exec(file.name)?.[0] ?? ''}`;
      files.push({ name, path, sha256: file.sha256, bytes: file.bytes, mode: READ_ONLY });
      inputs.set(name, path);
    } else if (value !== undefined) {
      inputs.set(name, String(value));
    }
  }
  const program = resolveArguments(spec.command, APPLICATION_DIRECTORY, (name) => inputs.get(name));
  const settings = Object.entries(spec.environment ?? {})
    .filter(([name]) => !name.startsWith(RESERVED))
    .map(([name, value]) => `${name}=${value}`);
  // The application's environment reaches the program alone, never the wrapper's own shell.
  const argv = settings.length === 0 ? program : ['env', ...settings, ...program];
  const [first = 'false', ...rest] = argv;
  const specSha256 = sha256Hex(canonicalJson({ argv, files, walltimeSeconds: spec.walltimeSeconds }));
  return { argv: [first, ...rest], files, specSha256 };
}

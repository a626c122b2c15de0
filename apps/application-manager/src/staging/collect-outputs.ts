/**
 * Puts what a job has written into the content store: its declared outputs, stdout and stderr. The directory was a
 * stranger's to write in, so links are not followed, only regular files count, and everything has a limit. What is
 * missing or unfit is told of, not thrown: the other outputs are kept.
 */
import {
  dataProductIdOf,
  OUTPUT_STREAMS,
  relativePathSchema,
  type ExperimentState,
  type OutputDefinition,
  type StagedOutput,
} from '@tidemark/contracts';
import type { PutOptions, PutResult } from '@tidemark/service';
import { JOB_FILES } from '../jobs/job-records.js';
import type { Transport } from '../launchers/transport.js';

export interface ContentSink {
  put(source: AsyncIterable<Uint8Array>, options: PutOptions): Promise<PutResult>;
}

export interface CollectOptions {
  readonly transport: Transport;
  readonly store: ContentSink;
  readonly experiment: Pick<ExperimentState, 'id' | 'gateway'>;
  readonly token: string;
  /** Size of one output file, at most. */
  readonly outputBytesMax: number;
}

export interface Collected {
  readonly outputs: readonly StagedOutput[];
  readonly missing: readonly string[];
  readonly faults: readonly string[];
}

/** Files that one output may match. */
const MATCHES_MAX = 1000;
/** Names looked at while matching one output: a directory with more is not searched any further. */
const NAMES_MAX = 100_000;
const READ_BYTES = 256 * 1024;

type Found = { readonly path: string } | { readonly fault: string };

export async function collectOutputs(
  options: CollectOptions,
  definitions: readonly OutputDefinition[],
): Promise<Collected> {
  const outputs: StagedOutput[] = [];
  const missing: string[] = [];
  const faults: string[] = [];
  for (const definition of definitions) {
    const found = await findMatches(options, definition.path);
    let count = 0;
    for (const match of found) {
      const stored = 'fault' in match ? match : await store(options, 'output', definition.name, match.path);
      if ('fault' in stored) faults.push(`output "${definition.name}": ${stored.fault}`);
      else {
        outputs.push(stored);
        count += 1;
      }
    }
    if (definition.required && count === 0)
      missing.push(`output "${definition.name}": there is no file ${definition.path}`);
  }
  return { outputs: [...outputs, ...(await collectStreams(options))], missing, faults };
}

/** stdout and stderr as far as they go; a stream without a file was never opened. */
export async function collectStreams(options: CollectOptions): Promise<StagedOutput[]> {
  const outputs: StagedOutput[] = [];
  for (const stream of OUTPUT_STREAMS) {
    const stored = await store(options, stream, stream, `${JOB_FILES}/${stream}`);
    if (!('fault' in stored)) outputs.push({ ...stored, path: stream });
  }
  return outputs;
}

async function store(
  { transport, store: sink, experiment, token, outputBytesMax }: CollectOptions,
  role: StagedOutput['role'],
  name: string,
  path: string,
): Promise<StagedOutput | { readonly fault: string }> {
  const entry = await transport.describe(token, path);
  if (entry?.kind !== 'file') return { fault: `${path} is ${entry?.kind ?? 'not there'}, not a file` };
  const result = await sink.put(bytesOf(transport, token, path), { bytesMax: outputBytesMax });
  if ('refused' in result) return { fault: `${path} is larger than ${outputBytesMax} bytes` };
  const product = { gateway: experiment.gateway, experimentId: experiment.id, name, sha256: result.sha256 };
  return { role, name, path, dataProductId: dataProductIdOf(product), ...result };
}

async function* bytesOf(transport: Transport, token: string, path: string): AsyncGenerator<Uint8Array> {
  for (let offset = 0; ;) {
    const bytes = await transport.read(token, path, offset, READ_BYTES);
    if (bytes === undefined || bytes.length === 0) return;
    offset += bytes.length;
    yield bytes;
  }
}

/** Regular files that the path means, sorted; `*` stands for any characters within one name. */
async function findMatches({ transport, token }: CollectOptions, pattern: string): Promise<Found[]> {
  const names = pattern.split('/');
  const last = names.pop() ?? '';
  let folders = [''];
  let looked = 0;
  const expand = async (folder: string, name: string): Promise<string[]> => {
    if (!name.includes('*')) return [join(folder, name)];
    const entries = await transport.list(token, folder);
    looked += entries.length;
    const matches = matcher(name);
    return entries
      .filter((entry) => !entry.startsWith('.') && matches(entry))
      .map((entry) => join(folder, entry));
  };
  for (const name of names) {
    const candidates = (await Promise.all(folders.map((folder) => expand(folder, name)))).flat();
    folders = [];
    for (const candidate of candidates.slice(0, MATCHES_MAX)) {
      const entry = await transport.describe(token, candidate);
      if (entry?.kind === 'directory') folders.push(candidate);
    }
  }
  const found: Found[] = [];
  for (const folder of folders) {
    for (const path of await expand(folder, last)) {
      const entry = await transport.describe(token, path);
      if (entry === undefined || (entry.kind !== 'file' && last.includes('*'))) continue;
      if (found.length >= MATCHES_MAX || looked > NAMES_MAX)
        return [...found, { fault: `${pattern} means more than ${MATCHES_MAX} files` }];
      found.push(check(path));
    }
  }
  return found;
}

function check(path: string): Found {
  if (relativePathSchema.safeParse(path).success) return { path };
  return { fault: `the name ${JSON.stringify(path)} is not allowed` };
}

function join(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

/** `*` stands for any characters. Literal parts are searched from left to right, so a hostile name costs no more. */
function matcher(pattern: string): (name: string) => boolean {
  const [prefix = '', ...rest] = pattern.split('*');
  const suffix = rest.pop() ?? '';
  return (name) => {
    if (!name.startsWith(prefix) || !name.endsWith(suffix)) return false;
    const end = name.length - suffix.length;
    let position = prefix.length;
    for (const part of rest) {
      const found = name.indexOf(part, position);
      if (found < 0) return false;
      position = found + part.length;
    }
    return position <= end;
  };
}

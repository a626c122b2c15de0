/**
 * The home of one stack: every path under it, and what the first start puts there (API key). The home
 * is Tidemark's own folder (mode 0700), so paths in it may be handed to any of its processes. Everything that
 * needs a path in the home asks here.
 */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { Fault, reasonOf } from '../console/fault.js';

export interface Home {
  readonly root: string;
  readonly apiKeyPath: string;
  /** Who the brokers are (cluster-file.ts). */
  readonly clusterPath: string;
  /** Where homes of one broker kept their cluster id. */
  readonly clusterIdPath: string;
  readonly postgresPasswordPath: string;
  /** What the supervisor knows, for the next one to adopt from. */
  readonly statePath: string;
  /** Present once the first experiment has been run. */
  readonly welcomedPath: string;
  readonly runDirectory: string;
  readonly logsDirectory: string;
  readonly dataDirectory: string;
  readonly contentDirectory: string;
  readonly jobsDirectory: string;
}

export function homeAt(root: string): Home {
  const at = (...names: string[]): string => path.join(root, ...names);
  return {
    root,
    apiKeyPath: at('api-key'),
    clusterPath: at('cluster.json'),
    clusterIdPath: at('cluster-id'),
    postgresPasswordPath: at('postgres-password'),
    statePath: at('supervisor.json'),
    welcomedPath: at('welcomed'),
    runDirectory: at('run'),
    logsDirectory: at('logs'),
    dataDirectory: at('data'),
    contentDirectory: at('content'),
    jobsDirectory: at('jobs'),
  };
}

/** `TIDEMARK_HOME`, else `.tidemark` in the folder that the command was called in. */
export function homeFromEnvironment(environment: NodeJS.ProcessEnv = process.env): Home {
  const named = environment.TIDEMARK_HOME;
  return homeAt(
    path.resolve(named === undefined || named === '' ? path.join(process.cwd(), '.tidemark') : named),
  );
}

export const logPathOf = (home: Home, name: string): string => path.join(home.logsDirectory, `${name}.log`);
export const runFileOf = (home: Home, name: string): string => path.join(home.runDirectory, `${name}.json`);

/** Makes what is missing; what is there stays as it is. Throws a `Fault` where the home cannot be written. */
export function prepareHome(home: Home): void {
  try {
    fs.mkdirSync(home.root, { recursive: true, mode: 0o700 });
    for (const directory of [
      home.runDirectory,
      home.logsDirectory,
      home.dataDirectory,
      home.contentDirectory,
      home.jobsDirectory,
    ]) {
      fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
    }
    writeOnce(home.apiKeyPath, () => `tmk_${randomBytes(32).toString('base64url')}`);
  } catch (cause) {
    throw new Fault(`the home ${home.root} cannot be written: ${reasonOf(cause)}`);
  }
}

/** The first non-blank line of a small file of the home, or nothing when it is not there. */
export function readLine(file: string): string | undefined {
  try {
    const line = fs.readFileSync(file, 'utf8').split('\n')[0]?.trim() ?? '';
    return line === '' ? undefined : line;
  } catch {
    return undefined;
  }
}

/** Creates a private file unless it is there already; never leaves half of it. Answers its content. */
export function writeOnce(file: string, content: () => string): string {
  const present = readLine(file);
  if (present !== undefined) return present;
  const value = content();
  writePrivately(file, `${value}\n`);
  return value;
}

/** Replaces a file that only its owner may read: written beside it, then renamed over it. */
export function writePrivately(file: string, content: string): void {
  const temporary = `${file}.${process.pid}.tmp`;
  fs.writeFileSync(temporary, content, { mode: 0o600 });
  fs.renameSync(temporary, file);
}

/**
 * The transport to this machine: job directories below one folder, processes by the processes door. Holds no state.
 * Everything asked for stays below the job's directory, whatever the name says.
 */
import { hostname } from 'node:os';
import { dirname, isAbsolute, join, normalize, relative } from 'node:path';
import {
  assert,
  DiskError,
  writeFully,
  type Disk,
  type FileEntry,
  type FileTree,
  type ProcessIdentity,
  type Processes,
} from '@tidemark/platform';
import type { PutFileOptions, StartedWrapper, Transport } from './transport.js';
import { TransportError } from './transport.js';

export interface LocalTransportOptions {
  readonly disk: Disk;
  readonly files: FileTree;
  readonly processes: Processes;
  /** Absolute; made when missing. */
  readonly jobsDirectory: string;
  /** Absolute path of `tidemark-job.sh`. */
  readonly wrapperPath: string;
  /** Search path of the wrapper's own commands. */
  readonly commandPath: string;
}

const PRIVATE = 0o700;
const TOKEN = /^[a-z0-9][a-z0-9-]{0,63}$/;
const SHELL = '/bin/sh';

export class LocalTransport implements Transport {
  readonly host = hostname().replace(/^.*[^A-Za-z0-9._-].*$/, 'unknown');
  readonly #options: LocalTransportOptions;

  constructor(options: LocalTransportOptions) {
    assert(isAbsolute(options.jobsDirectory), 'the folder of the jobs is an absolute path');
    this.#options = options;
    options.disk.makeDirectorySync(options.jobsDirectory);
  }

  directoryOf(token: string): string {
    assert(TOKEN.test(token), `a token is a file name: ${token}`);
    return join(this.#options.jobsDirectory, token);
  }

  makeDirectory(token: string, name: string): Promise<void> {
    return this.#reach(() => {
      const { disk, files } = this.#options;
      const path = this.#pathOf(token, name);
      disk.makeDirectorySync(path);
      this.#refuseDetour(path);
      files.setModeSync(path, PRIVATE);
    });
  }

  claimDirectory(token: string, name: string): Promise<boolean> {
    return this.#reach(() => this.#options.files.claimDirectorySync(this.#pathOf(token, name)));
  }

  read(token: string, name: string, offset: number, bytesMax: number): Promise<Uint8Array | undefined> {
    return this.#reach(async () => {
      const file = this.#options.files.openRegularSync(this.#pathOf(token, name));
      if (file === undefined) return undefined;
      try {
        const bytes = new Uint8Array(Math.min(bytesMax, Math.max(file.sizeSync() - offset, 0)));
        return bytes.subarray(0, await file.read(bytes, 0, bytes.length, offset));
      } finally {
        file.closeSync();
      }
    });
  }

  describe(token: string, name: string): Promise<FileEntry | undefined> {
    return this.#reach(() => this.#options.files.describeSync(this.#pathOf(token, name)));
  }

  list(token: string, name: string): Promise<readonly string[]> {
    return this.#reach(() => this.#options.disk.listSync(this.#pathOf(token, name)));
  }

  put(
    token: string,
    name: string,
    content: AsyncIterable<Uint8Array>,
    { mode, durable = false }: PutFileOptions,
  ): Promise<void> {
    return this.#reach(async () => {
      const { disk, files } = this.#options;
      const path = this.#pathOf(token, name);
      this.#refuseDetour(dirname(path));
      const temporary = `${path}.tmp`;
      disk.removeSync(temporary);
      const file = disk.openSync(temporary, 'create');
      try {
        let length = 0;
        for await (const bytes of content) {
          writeFully(file, bytes, 0, bytes.length, length);
          length += bytes.length;
        }
        if (durable) await file.sync();
        files.setModeSync(temporary, mode);
        disk.renameSync(temporary, path);
        if (durable) disk.syncDirectorySync(dirname(path));
      } finally {
        file.closeSync();
        disk.removeSync(temporary);
      }
    });
  }

  async startWrapper(
    token: string,
    args: readonly string[],
    environment: Readonly<Record<string, string>>,
  ): Promise<StartedWrapper> {
    const child = await this.#options.processes.spawn(SHELL, [this.#options.wrapperPath, ...args], {
      directory: this.directoryOf(token),
      environment,
      detached: true,
    });
    return { pid: child.pid, ended: child.exited.then(() => undefined) };
  }

  async runWrapper(token: string, args: readonly string[]): Promise<number | null> {
    const child = await this.#options.processes.spawn(SHELL, [this.#options.wrapperPath, ...args], {
      directory: this.directoryOf(token),
      environment: { PATH: this.#options.commandPath, LC_ALL: 'C' },
      detached: true,
    });
    return (await child.exited).exitCode;
  }

  isAlive(identity: ProcessIdentity): Promise<boolean> {
    return Promise.resolve(this.#options.processes.isAlive(identity));
  }

  terminate(identity: ProcessIdentity): Promise<boolean> {
    const { processes } = this.#options;
    return Promise.resolve(processes.isAlive(identity) && processes.signal(identity.pid, 'SIGTERM'));
  }

  #pathOf(token: string, name: string): string {
    const inside = normalize(name === '' ? '.' : name);
    assert(
      !isAbsolute(inside) && inside.split('/')[0] !== '..' && !inside.includes('\0'),
      `a name stays within the job's directory: ${name}`,
    );
    return join(this.directoryOf(token), inside);
  }

  /** A link on the way would lead a file of ours to where the job, or another one, wants it. */
  #refuseDetour(directory: string): void {
    const { files, jobsDirectory } = this.#options;
    const root = files.realPathSync(jobsDirectory) ?? jobsDirectory;
    const expected = join(root, relative(jobsDirectory, directory));
    if (files.realPathSync(directory) !== expected)
      throw new TransportError(`${directory} leads out of the job's directory`);
  }

  /** What the disk refuses for reasons of its own is no evidence about a job. */
  async #reach<T>(ask: () => T | Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (cause) {
      if (cause instanceof DiskError) throw new TransportError(cause.message, { cause });
      throw cause;
    }
  }
}

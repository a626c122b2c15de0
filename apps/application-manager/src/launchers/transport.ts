/**
 * How the files and processes of a compute resource are reached. `local-transport.ts` is this machine; an implementation
 * over ssh can stand beside it, which is why every call is asynchronous and names a job's token instead of a path.
 * Names are relative to the job's directory and never lead out of it.
 */
import type { FileEntry, ProcessIdentity } from '@tidemark/platform';

/** The resource could not be asked: no verdict may rest on this. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
}

export interface StartedWrapper {
  readonly pid: number;
  /** Resolves when the wrapper has ended; its exit code says nothing about the job. */
  readonly ended: Promise<void>;
}

export interface PutFileOptions {
  /** Permission bits. */
  readonly mode: number;
  /** Survives a power loss once put. */
  readonly durable?: boolean;
}

export interface Transport {
  /** The host name that wrappers on this resource write into their records. */
  readonly host: string;
  /** The job's directory as programs on the resource name it. */
  directoryOf(token: string): string;
  /** Makes `name` and missing parents within the job's directory; '' is the directory itself. */
  makeDirectory(token: string, name: string): Promise<void>;
  /** True for exactly one caller on any machine (atomic mkdir); the parent must exist. */
  claimDirectory(token: string, name: string): Promise<boolean>;
  /** Up to `bytesMax` bytes from `offset`, fewer at the end; nothing when there is no such regular file. */
  read(token: string, name: string, offset: number, bytesMax: number): Promise<Uint8Array | undefined>;
  /** What has this name itself: links are described, not followed. */
  describe(token: string, name: string): Promise<FileEntry | undefined>;
  list(token: string, name: string): Promise<readonly string[]>;
  /** Puts a whole file in place: written beside it, then renamed; nothing stays when the content's source throws. */
  put(
    token: string,
    name: string,
    content: AsyncIterable<Uint8Array>,
    options: PutFileOptions,
  ): Promise<void>;
  /** Starts the wrapper in a session of its own, so that it outlives this process. Throws `ProcessError`. */
  startWrapper(
    token: string,
    args: readonly string[],
    environment: Readonly<Record<string, string>>,
  ): Promise<StartedWrapper>;
  /** Runs the wrapper and waits for its exit code; null when it was killed. Throws `ProcessError`. */
  runWrapper(token: string, args: readonly string[]): Promise<number | null>;
  isAlive(identity: ProcessIdentity): Promise<boolean>;
  /** Asks a wrapper that lives to stop its job. False when it is gone. */
  terminate(identity: ProcessIdentity): Promise<boolean>;
}

/**
 * Starts jobs as processes of the machine behind a transport, each under a wrapper of its own. In memory it holds only
 * the wrappers that this manager has started itself and which still live, to notice their end at once; a successor
 * finds everything else in the job's files.
 */
import { ProcessError, type Clock } from '@tidemark/platform';
import { gatherEvidence } from '../jobs/evidence.js';
import {
  JOB_FILE_NAMES,
  JOB_FILES,
  ownerRecord,
  parseRecord,
  RECORD_BYTES_MAX,
} from '../jobs/job-records.js';
import type { Evidence } from '../jobs/verdict.js';
import type { Cancellation, JobRequest, Launcher, ObservedJob, Submission } from './launcher.js';
import { TransportError, type StartedWrapper, type Transport } from './transport.js';

export interface ForkLauncherOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  /** Seconds between TERM and KILL. */
  readonly graceS: number;
  /** Bytes kept of stdout and of stderr each; 0 is unbounded. */
  readonly streamBytesMax: number;
  /** Size of any file that a job writes; 0 is unbounded. */
  readonly fileBytesMax: number;
}

/** What a manager has decided about an attempt still holds after a power loss. */
const PRIVATE = { mode: 0o600, durable: true };
const CLAIM = `${JOB_FILES}/${JOB_FILE_NAMES.claim}`;
const OWNER = `${JOB_FILES}/${JOB_FILE_NAMES.owner}`;
const LOST = `${JOB_FILES}/${JOB_FILE_NAMES.lost}`;
const DUPLICATES = `${JOB_FILES}/${JOB_FILE_NAMES.duplicates}`;
const LINE_END = 10;
const CANCEL = `${JOB_FILES}/${JOB_FILE_NAMES.cancel}`;

export class ForkLauncher implements Launcher {
  readonly #options: ForkLauncherOptions;
  readonly #wrappers = new Map<string, StartedWrapper>();
  /** Tokens of dead wrappers of whose jobs nothing is left. */
  readonly #reaped = new Set<string>();

  constructor(options: ForkLauncherOptions) {
    this.#options = options;
  }

  async prepare(token: string): Promise<void> {
    await this.#options.transport.makeDirectory(token, '');
    await this.#options.transport.makeDirectory(token, JOB_FILES);
  }

  async submit(request: JobRequest): Promise<Submission> {
    const { transport, graceS, streamBytesMax, fileBytesMax } = this.#options;
    const limits = [graceS, request.walltimeS, streamBytesMax, fileBytesMax].map(String);
    const args = ['run', transport.directoryOf(request.token), ...limits, '--', ...request.argv];
    try {
      const wrapper = await transport.startWrapper(request.token, args, request.environment);
      this.#wrappers.set(request.token, wrapper);
      void wrapper.ended.then(() => {
        this.#wrappers.delete(request.token);
      });
      return { kind: 'accepted', externalId: String(wrapper.pid) };
    } catch (error) {
      if (error instanceof TransportError) return { kind: 'unknown', why: error.message };
      if (!(error instanceof ProcessError)) throw error;
      return { kind: 'rejected', retryable: error.code === 'no-resources', text: error.message };
    }
  }

  async find(token: string): Promise<readonly string[]> {
    const owner = parseRecord(
      ownerRecord,
      await this.#options.transport.read(token, OWNER, 0, RECORD_BYTES_MAX),
    );
    return owner !== undefined && 'pid' in owner ? [String(owner.pid)] : [];
  }

  observe(jobs: readonly ObservedJob[]): Promise<readonly Evidence[]> {
    const { transport, clock } = this.#options;
    return Promise.all(
      jobs.map(({ token, knownStarted }) =>
        gatherEvidence(token, {
          transport,
          now: clock.now(),
          knownStarted,
          startedHere: this.#wrappers.has(token),
          leftovers: this.#reaped.has(token) ? 'none' : 'unknown',
        }),
      ),
    );
  }

  async revoke(token: string, replica: string): Promise<boolean> {
    const { transport, clock } = this.#options;
    const folder = await transport.describe(token, JOB_FILES);
    // It was made before the launch was intended: who cannot find it now cannot tell who has claimed what.
    if (folder?.kind !== 'directory') return false;
    if (!(await transport.claimDirectory(token, CLAIM))) return false;
    const owner = { revokedBy: replica, revokedAtMs: clock.now() };
    await transport.put(token, OWNER, contentOf(JSON.stringify(owner)), PRIVATE);
    return true;
  }

  async cancel(job: ObservedJob, replica: string): Promise<Cancellation> {
    const { transport } = this.#options;
    const { token } = job;
    try {
      if (!job.knownStarted && (await this.revoke(token, replica))) return 'revoked';
      const [evidence] = await this.observe([job]);
      if (!evidence?.reachable) return 'unreachable';
      if (evidence.claim === 'revoked') return 'revoked';
      if (evidence.exit !== undefined || evidence.wrapper === 'gone') return 'over';
      // The file is what holds, also for a wrapper that is only now beginning; the signal makes it quick.
      await transport.put(token, CANCEL, contentOf(''), PRIVATE);
      if (evidence.started !== undefined) await transport.terminate(evidence.started);
      return 'asked';
    } catch (error) {
      if (error instanceof TransportError) return 'unreachable';
      throw error;
    }
  }

  async reap(token: string): Promise<boolean> {
    const { transport, graceS } = this.#options;
    const exitCode = await transport.runWrapper(token, [
      'reap',
      transport.directoryOf(token),
      String(graceS),
    ]);
    if (exitCode === 0) this.#reaped.add(token);
    return exitCode === 0;
  }

  async markLost(token: string): Promise<void> {
    const { transport } = this.#options;
    const folder = await transport.describe(token, JOB_FILES);
    if (folder?.kind === 'directory') await transport.put(token, LOST, contentOf(''), PRIVATE);
  }

  async countDuplicates(token: string): Promise<number> {
    const lines = await this.#options.transport.read(token, DUPLICATES, 0, RECORD_BYTES_MAX);
    return lines?.filter((byte) => byte === LINE_END).length ?? 0;
  }

  onEnded(token: string, ended: () => void): void {
    void this.#wrappers.get(token)?.ended.then(ended);
  }
}

async function* contentOf(text: string): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  yield new TextEncoder().encode(text);
}

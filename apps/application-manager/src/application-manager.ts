/**
 * Starts and drains one Application Manager replica: topics, the machine's jobs, the worker that owns processes. Holds
 * what must be closed again. Called by main.ts and by specs; no NestJS here.
 */
import { delimiter, dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TOPICS, topicSpec } from '@tidemark/contracts';
import type { Clock, Disk, FileTree, Processes, Random } from '@tidemark/platform';
import { ContentStore, type Health, type Logger, type ShutdownStep, type Topics } from '@tidemark/service';
import { JobWatch } from './jobs/job-watch.js';
import { Slots } from './jobs/slots.js';
import { ForkLauncher } from './launchers/fork-launcher.js';
import { LocalTransport } from './launchers/local-transport.js';
import { Metrics } from './metrics.js';
import { ProcessWorker } from './processes/process-worker.js';

export interface ApplicationManagerOptions {
  readonly name: string;
  readonly topics: Topics;
  readonly clock: Clock;
  readonly random: Random;
  readonly disk: Disk;
  readonly files: FileTree;
  readonly processes: Processes;
  readonly health: Health;
  readonly logger: Logger;
  readonly contentDirectory: string;
  readonly jobsDirectory: string;
  readonly slots: number;
  readonly graceS: number;
  readonly streamBytesMax: number;
  readonly fileBytesMax: number;
  /** The program that runs this process, so that jobs find the same `node`. */
  readonly nodePath: string;
}

export interface RunningManager {
  readonly worker: ProcessWorker;
  /** In the order in which they must be taken. */
  readonly shutdown: readonly ShutdownStep[];
}

/** Beside `src` and `dist` alike. */
const WRAPPER_PATH = fileURLToPath(new URL('../wrapper/tidemark-job.sh', import.meta.url));
const SYSTEM_PATH = ['/usr/local/bin', '/usr/bin', '/bin'];

export async function startApplicationManager(options: ApplicationManagerOptions): Promise<RunningManager> {
  const { topics, health, clock } = options;
  await topics.ensure(TOPICS.map(topicSpec));
  const jobsDirectory = resolve(options.jobsDirectory);
  const commandPath = [dirname(options.nodePath), ...SYSTEM_PATH].join(delimiter);
  const transport = new LocalTransport({
    ...options,
    jobsDirectory,
    wrapperPath: WRAPPER_PATH,
    commandPath,
  });
  const launcher = new ForkLauncher({ ...options, transport });
  const slots = new Slots({ ...options, jobsDirectory, count: options.slots });
  const watch = new JobWatch(launcher, clock);
  const metrics = new Metrics(health.registry);
  const worker = await ProcessWorker.start({
    ...options,
    replica: options.name,
    metrics,
    launcher,
    transport,
    slots,
    watch,
    store: new ContentStore({ ...options, directory: options.contentDirectory }),
    environment: (token) => ({ PATH: commandPath, HOME: transport.directoryOf(token), LANG: 'C.UTF-8' }),
    outputBytesMax: options.fileBytesMax,
  });
  health.requireSettled('group', worker.joined, 'the group has not been joined yet');
  health.require('history', () => worker.unready());
  metrics.gauge('tidemark_jobs_watched', 'Jobs that this replica watches', () => watch.size);
  metrics.gauge('tidemark_jobs_waiting', 'Attempts that wait for a slot', () => slots.waiting);
  metrics.gauge('tidemark_partitions_owned', 'Partitions owned', () => worker.partitions.length);
  return {
    worker,
    shutdown: [
      { name: 'unready', run: () => health.drain() },
      { name: 'processes', run: () => worker.close() },
      { name: 'topics', run: () => topics.close() },
    ],
  };
}

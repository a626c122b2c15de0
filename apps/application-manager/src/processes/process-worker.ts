/**
 * Joins the group of the application managers and runs, for each partition that it is given, the process decider over
 * the history and a driver that performs what the state calls for. Holds the drivers of the partitions owned now.
 */
import { decode, encode, EXPERIMENTS_TOPIC, isHistoryMessage } from '@tidemark/contracts';
import type { Clock, Random } from '@tidemark/platform';
import {
  PartitionWorker,
  UnprocessableError,
  type FoldedEvent,
  type Logger,
  type Topics,
  type WorkerLog,
} from '@tidemark/service';
import type { JobWatch } from '../jobs/job-watch.js';
import type { Slots } from '../jobs/slots.js';
import type { Launcher } from '../launchers/launcher.js';
import type { Transport } from '../launchers/transport.js';
import type { Metrics } from '../metrics.js';
import { LiveOutput } from '../output/live-output.js';
import type { CollectOptions, ContentSink } from '../staging/collect-outputs.js';
import type { ContentSource } from '../staging/stage-files.js';
import type { HistoryEvent, PartitionState } from './history.js';
import { JobSteps } from './job-steps.js';
import type { Step } from './next-step.js';
import { Observations } from './observations.js';
import { ProcessDriver, type OwnedProcesses } from './process-driver.js';
import { processDecider, type ProcessReply } from './process.decider.js';
import type { ProcessCommand } from './findings.js';
import { Steps } from './steps.js';

export const GROUP = 'application-manager';

export interface ProcessWorkerOptions {
  readonly replica: string;
  readonly topics: Topics;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly launcher: Launcher;
  readonly transport: Transport;
  readonly store: ContentSource & ContentSink;
  readonly slots: Slots;
  readonly watch: JobWatch;
  readonly environment: (token: string) => Readonly<Record<string, string>>;
  /** Bytes kept of stdout and of stderr each; 0 is unbounded. */
  readonly streamBytesMax: number;
  /** Size of one output file, at most. */
  readonly outputBytesMax: number;
}

export class ProcessWorker {
  readonly #options: ProcessWorkerOptions;
  readonly #drivers = new Map<number, ProcessDriver>();
  #worker: PartitionWorker<PartitionState, ProcessCommand, HistoryEvent, ProcessReply, never> | undefined;

  private constructor(options: ProcessWorkerOptions) {
    this.#options = options;
  }

  static async start(options: ProcessWorkerOptions): Promise<ProcessWorker> {
    const worker = new ProcessWorker(options);
    const { topics, clock, logger } = options;
    worker.#worker = await PartitionWorker.start({
      topics,
      clock,
      logger,
      group: GROUP,
      log: HISTORY,
      inputs: [],
      decider: processDecider,
      keyOf: (command) => command.experimentId,
      onFolded: (folded) => worker.#folded(folded),
      onReady: (owned) => worker.#ready(owned),
      onRevoked: (partition) => worker.#revoked(partition),
    });
    return worker;
  }

  get joined(): Promise<void> {
    return this.#worker?.joined ?? Promise.resolve();
  }

  unready(): string | undefined {
    return this.#worker?.unready();
  }

  get partitions(): readonly number[] {
    return this.#worker?.partitions ?? [];
  }

  /** Lets go of every process, leaves the group; jobs go on running. */
  async close(): Promise<void> {
    for (const driver of this.#drivers.values()) driver.stop();
    await this.#worker?.close();
  }

  #folded({ partition, event, state, live }: FoldedEvent<PartitionState, HistoryEvent>): void {
    if (!live) return;
    this.#options.metrics.folded(event, state);
    this.#tidyUp(event, state);
    this.#drivers.get(partition)?.folded(event.message.key);
  }

  #ready(owned: OwnedProcesses): void {
    const { replica, clock, random, logger } = this.#options;
    // Each ownership has a name of its own, so that one that comes after a restart is told from the one before.
    const owner = `${replica}/${Buffer.from(random.bytes(3)).toString('hex')}`;
    const steps = this.#stepsOf(owned, owner);
    this.#drivers.get(owned.partition)?.stop();
    this.#drivers.set(owned.partition, new ProcessDriver({ owned, owner, steps, clock, logger }));
  }

  #revoked(partition: number): void {
    this.#drivers.get(partition)?.stop();
    this.#drivers.delete(partition);
  }

  #stepsOf(owned: OwnedProcesses, owner: string): Steps {
    const { transport, store, outputBytesMax } = this.#options;
    const observations = new Observations(this.#options);
    const collecting = (step: Step, token: string): CollectOptions => ({
      transport,
      store,
      experiment: step.experiment,
      token,
      outputBytesMax,
    });
    const live = new LiveOutput({ ...this.#options, partition: owned.partition, signal: owned.signal });
    const jobs = new JobSteps({ ...this.#options, live, observations, collecting });
    return new Steps({ ...this.#options, owner, jobs, live, observations, collecting });
  }

  /** After an attempt has ended, as far as the fold took it. */
  #tidyUp({ message }: HistoryEvent, { outcome }: PartitionState): void {
    if (outcome !== 'applied') return;
    switch (message.type) {
      case 'JobExited':
      case 'JobLost':
      case 'JobAttemptRevoked':
      case 'JobSubmissionRejected': {
        const { token } = message.payload;
        const { slots, launcher, metrics } = this.#options;
        slots.giveBack(token);
        launcher.countDuplicates(token).then(
          (count) => metrics.duplicates(count),
          () => undefined,
        );
        return;
      }
      default:
        return;
    }
  }
}

/** How the history lies in its topic. A record that is none goes to the dead letters; of other types nothing is made. */
const HISTORY: WorkerLog<HistoryEvent> = {
  topic: EXPERIMENTS_TOPIC,
  encode: ({ message }) => encode(message),
  decode: (record) => {
    const decoded = decode(record);
    switch (decoded.kind) {
      case 'message':
        return isHistoryMessage(decoded.message)
          ? { message: decoded.message, partition: record.partition }
          : undefined;
      case 'malformed':
        throw new UnprocessableError(decoded.error);
      case 'unknown-type':
        throw new UnprocessableError(`unknown type ${decoded.type}`);
      case 'newer-version':
        throw new UnprocessableError(`${decoded.type} of the newer version ${decoded.version}`);
      case 'tombstone':
        throw new UnprocessableError('a record without a value');
    }
  },
};

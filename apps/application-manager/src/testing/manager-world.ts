/**
 * Application managers for specs: several of them over one log in memory, with real files, real wrappers and real jobs.
 * The Metadata Server's part, the experiment's own events, is written by `submit` and `requestCancel`.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {
  decode,
  encode,
  EXPERIMENTS_TOPIC,
  experimentIdFromBytes,
  foldExperiment,
  formatTime,
  isHistoryMessage,
  newMessage,
  type EncodedRecord,
  type ExperimentSpec,
  type ExperimentState,
  type FoldOutcome,
  type HistoryMessage,
  type Message,
} from '@tidemark/contracts';
import { nodeClock, nodeDisk, nodeFileTree, nodeProcesses, nodeRandom } from '@tidemark/platform/node';
import { Health, MemoryLog, MemoryTopics, silentLogger, type Topics } from '@tidemark/service';
import { startApplicationManager, type RunningManager } from '../application-manager.js';
import type { CrashingDoors, Doors } from './crashing-doors.js';
import { eventually, everythingOf, isToken, kill } from './real-jobs.js';

export interface Told {
  readonly message: HistoryMessage;
  readonly outcome: FoldOutcome;
}

interface History {
  state: ExperimentState | undefined;
  readonly told: Told[];
}

export interface TestManager extends RunningManager {
  readonly health: Health;
  readonly topics: Topics;
  /** As if killed: it does nothing any more, tells nobody, and what it started goes on. */
  crash(): Promise<void>;
  drain(): Promise<void>;
}

export interface StartOptions {
  readonly slots?: number;
  readonly streamBytesMax?: number;
  readonly crashing?: CrashingDoors;
}

const REAL_DOORS: Doors = {
  clock: nodeClock,
  disk: nodeDisk,
  files: nodeFileTree,
  processes: nodeProcesses,
};

export class ManagerWorld {
  readonly root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'tidemark-manager-')));
  readonly log = new MemoryLog();
  readonly jobsDirectory = path.join(this.root, 'jobs');
  readonly #client = new MemoryTopics({ log: this.log, clock: nodeClock, replica: 'spec' });
  readonly #managers = new Set<TestManager>();
  /** How far `history` has read, by partition, and what it has made of it. */
  readonly #read = new Map<number, number>();
  readonly #histories = new Map<string, History>();

  /** `crashing` counts what the manager does once it is ready; `crash` ends what a dead one still holds. */
  async start(name: string, options: StartOptions = {}): Promise<TestManager> {
    const topics = new MemoryTopics({ log: this.log, clock: nodeClock, replica: name });
    const { crashing } = options;
    const health = new Health(name);
    const running = await startApplicationManager({
      name,
      topics: crashing === undefined ? topics : crashing.wrapTopics(topics),
      health,
      random: nodeRandom,
      ...(crashing?.doors ?? REAL_DOORS),
      logger: silentLogger,
      contentDirectory: path.join(this.root, 'content'),
      jobsDirectory: this.jobsDirectory,
      slots: options.slots ?? 8,
      graceS: 1,
      streamBytesMax: options.streamBytesMax ?? 1_000_000,
      fileBytesMax: 10_000_000,
      nodePath: process.execPath,
    });
    const drain = async (): Promise<void> => {
      this.#managers.delete(manager);
      for (const step of running.shutdown) await step.run();
    };
    const crash = async (): Promise<void> => {
      this.#managers.delete(manager);
      if (crashing !== undefined) crashing.crashed = true;
      await topics.close();
    };
    const manager: TestManager = { ...running, health, topics, drain, crash };
    this.#managers.add(manager);
    await eventually('ready', () => health.ready);
    return manager;
  }

  /** Content as an upload would have left it. */
  content(text: string): { sha256: string; bytes: number } {
    const sha256 = createHash('sha256').update(text).digest('hex');
    const file = path.join(this.root, 'content', 'sha256', sha256.slice(0, 2), sha256);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text);
    return { sha256, bytes: Buffer.byteLength(text) };
  }

  storedText(sha256: string): string {
    return fs.readFileSync(path.join(this.root, 'content', 'sha256', sha256.slice(0, 2), sha256), 'utf8');
  }

  /** The experiment's events up to its launch, in one batch. */
  async submit(command: readonly string[], more: Partial<ExperimentSpec> = {}): Promise<string> {
    const id = experimentIdFromBytes(nodeRandom.bytes(17));
    const application = { name: 'spec', version: '1' };
    const spec = {
      application,
      command: [...command],
      files: [],
      inputs: [],
      outputs: [],
      walltimeSeconds: 60,
      attemptsMax: 3,
      ...more,
    };
    const bodyHash = '0'.repeat(64);
    await this.#publish(id, [
      newMessage(
        'ExperimentCreated',
        { name: 'spec', application, inputs: {}, launch: true, bodyHash },
        this.#envelope(id, 'created'),
      ),
      newMessage('ExperimentValidated', { spec, catalogPosition: '' }, this.#envelope(id, 'validated')),
      newMessage('ExperimentLaunched', { processCount: 1 }, this.#envelope(id, 'launched')),
    ]);
    return id;
  }

  async requestCancel(id: string): Promise<void> {
    await this.#publish(id, [newMessage('ExperimentCancelRequested', {}, this.#envelope(id, 'cancel'))]);
  }

  /** Whatever else somebody may write into the history. */
  async publish(message: Message): Promise<void> {
    await this.#publish(message.key, [message]);
  }

  /** Every event of the experiment with what it did, by the fold that everybody uses. */
  history(id: string): History {
    for (let partition = 0; partition < this.log.partitions(EXPERIMENTS_TOPIC); partition += 1) {
      const from = this.#read.get(partition) ?? 0;
      for (const record of this.log.read(EXPERIMENTS_TOPIC, partition, from, 1_000_000)) {
        this.#read.set(partition, record.offset + 1);
        const decoded = decode(record);
        if (decoded.kind !== 'message' || !isHistoryMessage(decoded.message)) continue;
        const { message } = decoded;
        const history = this.#histories.get(message.key) ?? { state: undefined, told: [] };
        this.#histories.set(message.key, history);
        const folded = foldExperiment(history.state, message, record);
        history.state = folded.state;
        history.told.push({ message, outcome: folded.outcome });
      }
    }
    return this.#histories.get(id) ?? { state: undefined, told: [] };
  }

  applied(id: string): string[] {
    return this.history(id).told.flatMap(({ message, outcome }) =>
      outcome === 'applied' ? [message.type] : [],
    );
  }

  process(id: string): NonNullable<ExperimentState['processes'][number]> {
    const process = this.history(id).state?.processes[0];
    if (process === undefined) throw new Error(`${id} has no process`);
    return process;
  }

  /** The process when it is in one of the statuses. */
  until(id: string, ...statuses: string[]): Promise<ExperimentState['processes'][number]> {
    return eventually(
      () => `${statuses.join(' or ')}, but it is: ${this.applied(id).join(' ')}`,
      () => statuses.includes(this.process(id).status) && this.process(id),
      20_000,
    );
  }

  untilJob(id: string, ...statuses: string[]): Promise<ExperimentState['processes'][number]['jobs'][number]> {
    return eventually(
      () => `a job ${statuses.join(' or ')}, but it is: ${this.applied(id).join(' ')}`,
      () => {
        const job = this.process(id).jobs.at(-1);
        return job !== undefined && statuses.includes(job.status) && job;
      },
      20_000,
    );
  }

  /** The live tail of a stream, which must have neither a gap nor a byte twice. */
  published(id: string, stream: 'stdout' | 'stderr'): { readonly text: string; readonly again: number } {
    let bytes = Buffer.alloc(0);
    let again = 0;
    for (let partition = 0; partition < this.log.partitions('tidemark.output'); partition += 1) {
      for (const record of this.log.read('tidemark.output', partition, 0, 1_000_000)) {
        const decoded = decode(record);
        if (decoded.kind !== 'message' || decoded.message.type !== 'OutputChunk') continue;
        const { payload, key } = decoded.message;
        if (key !== id || payload.stream !== stream) continue;
        if (payload.offset > bytes.length) throw new Error(`a gap at ${bytes.length} of ${stream}`);
        if (payload.offset < bytes.length) again += 1;
        bytes = Buffer.concat([bytes.subarray(0, payload.offset), Buffer.from(payload.bytes, 'base64')]);
      }
    }
    return { text: bytes.toString('utf8'), again };
  }

  async close(): Promise<void> {
    for (const manager of [...this.#managers]) await manager.drain();
    await this.#client.close();
    if (fs.existsSync(this.jobsDirectory)) {
      for (const token of fs.readdirSync(this.jobsDirectory))
        if (isToken(token)) for (const pid of everythingOf(token)) kill(pid);
    }
    fs.rmSync(this.root, { recursive: true, force: true });
  }

  #envelope(id: string, what: string): Parameters<typeof newMessage>[2] {
    return {
      key: id,
      id: `${what}-${id}`,
      gateway: 'default',
      actor: 'admin',
      time: formatTime(Date.now()),
    };
  }

  async #publish(id: string, messages: readonly Message[]): Promise<void> {
    const records: EncodedRecord[] = messages.map((message) => encode(message));
    await this.#client.publish(EXPERIMENTS_TOPIC, records);
  }
}

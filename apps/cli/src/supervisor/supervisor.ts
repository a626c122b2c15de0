/**
 * The supervisor: brings the planned processes up, each after those that it needs, adopts those that an earlier supervisor left
 * running, and ends them in the order in which nobody loses work. Holds one SupervisedProcess per plan and mirrors
 * them into the state file on every change. Commanded by up.ts and, over the control server, by the commands.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { nodeProcesses } from '@tidemark/platform/node';
import { Fault } from '../console/fault.js';
import { logPathOf, runFileOf, type Home } from '../stack/home.js';
import type { Ports } from '../stack/ports.js';
import { removeRunFile } from '../stack/run-file.js';
import { ownIdentity, signalIdentity } from './child.js';
import { tailOf } from './log-file.js';
import { mostOf } from './most-of.js';
import type { ProcessPlan, ProcessRow } from './process-plan.js';
import { livingProcesses, readState, writeState, type LivingProcess } from './state-file.js';
import { SupervisedProcess } from './supervised-process.js';

export type Report = (line: string) => void;

const READY_BOUND_MS = 120_000;
/** How long `up` still waits for brokers that the rest does without. */
const STRAGGLERS_BOUND_MS = 5_000;
const LOG_TAIL_LINES = 15;

export class Supervisor {
  readonly #processes: SupervisedProcess[];
  readonly #strays: readonly LivingProcess[];
  readonly #adoptable: ReadonlyMap<string, LivingProcess>;
  readonly #stopping = new AbortController();
  #stopped: Promise<void> | undefined;
  #isAbandoned = false;

  constructor(
    private readonly home: Home,
    private ports: Ports,
    plans: readonly ProcessPlan[],
    private readonly report: Report,
  ) {
    this.#processes = plans.map((plan) => this.#supervise(plan));
    const living = livingProcesses(readState(home));
    const planned = new Set(plans.map((plan) => plan.name));
    this.#adoptable = new Map(living.map((process) => [process.name, process]));
    this.#strays = living.filter((process) => !planned.has(process.name));
  }

  list(): ProcessRow[] {
    return this.#processes.map((process) => process.row());
  }

  /**
   * Resolves when every process is ready, or all but a few brokers that the others do without. Rejects with a `Fault`;
   * what was begun is then still running.
   */
  async bringUp(): Promise<void> {
    for (const process of this.#processes) {
      const living = this.#adoptable.get(process.plan.name);
      if (living !== undefined) process.adopt(living.identity);
    }
    this.#save();
    await endProcesses(this.home, this.#strays, this.report);
    const ready = new Map<string, Promise<void>>();
    // Plans come in an order in which each follows those that it needs.
    for (const process of this.#processes) {
      const readyOf = (names: readonly string[]): Promise<void>[] =>
        names.flatMap((name) => ready.get(name) ?? []);
      const { after, afterMostOf } = process.plan;
      const needed = [...readyOf(after), mostOf(readyOf(afterMostOf))];
      ready.set(
        process.plan.name,
        Promise.all(needed).then(() => this.#startAndAwait(process)),
      );
    }
    const spared = new Set(this.#processes.flatMap(({ plan }) => plan.afterMostOf));
    const isSpared = ([name]: readonly [string, unknown]): boolean => spared.has(name);
    const brokers = [...ready].filter(isSpared).map(([, one]) => one);
    const others = [...ready].filter((entry) => !isSpared(entry)).map(([, one]) => one);
    await Promise.all([...others, mostOf(brokers)]);
    await this.#awaitStragglers(brokers);
  }

  /** Adds a process to the stack that runs, and starts it. */
  add(plan: ProcessPlan, ports: Ports): void {
    this.#assertAccepting();
    this.ports = ports;
    const process = this.#supervise(plan);
    this.#processes.push(process);
    process.start();
  }

  /** Ends a process and forgets it. */
  async remove(name: string): Promise<void> {
    const process = this.#find(name);
    await process.stop();
    this.#processes.splice(this.#processes.indexOf(process), 1);
    this.#save();
  }

  start(name: string): void {
    this.#assertAccepting();
    this.#find(name).start();
  }

  kill(name: string, signal: NodeJS.Signals): void {
    this.#find(name).kill(signal);
  }

  /** Ends all processes in stop order. Further calls wait for the first one's end. */
  shutDown(): Promise<void> {
    this.#stopping.abort();
    this.#stopped ??= this.#stopInOrder();
    return this.#stopped;
  }

  /** Ends all processes at once, without letting them drain. */
  killAll(): void {
    for (const process of this.#processes) {
      if (process.identity !== undefined) signalIdentity(process.identity, 'SIGKILL');
    }
  }

  /** Lets go of all processes without touching them, as a killed supervisor does. */
  abandon(): void {
    this.#isAbandoned = true;
    for (const process of this.#processes) process.abandon();
  }

  #supervise(plan: ProcessPlan): SupervisedProcess {
    return new SupervisedProcess(plan, this.home, (process, note) => {
      this.#save();
      if (note !== undefined) this.report(`${process.plan.name}: ${note}`);
    });
  }

  async #awaitStragglers(ready: readonly Promise<void>[]): Promise<void> {
    const bound = new AbortController();
    const late = delay(STRAGGLERS_BOUND_MS, undefined, { signal: bound.signal }).catch(() => undefined);
    await Promise.race([Promise.allSettled(ready), late]);
    bound.abort();
    for (const { plan, state } of this.#processes) {
      if (state === 'running' || this.#isStopping()) continue;
      const log = logPathOf(this.home, plan.name);
      this.report(`${plan.name}: not ready (${state}), and the stack does without it (log: ${log})`);
    }
  }

  async #startAndAwait(process: SupervisedProcess): Promise<void> {
    if (this.#isStopping()) throw new Fault('interrupted while starting');
    process.start();
    try {
      await process.ready(READY_BOUND_MS, this.#stopping.signal);
    } catch (cause) {
      if (!(cause instanceof Fault) || this.#isStopping()) throw cause;
      const logPath = logPathOf(this.home, process.plan.name);
      const tail = tailOf(logPath, LOG_TAIL_LINES);
      throw new Fault(`${cause.message} (log: ${logPath})`, cause.exitCode, tail);
    }
  }

  async #stopInOrder(): Promise<void> {
    const waves = [...new Set(this.#processes.map((process) => process.plan.stopWave))].sort((a, b) => a - b);
    for (const wave of waves) {
      const members = this.#processes.filter((process) => process.plan.stopWave === wave);
      await Promise.all(members.map((process) => process.stop()));
    }
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  #find(name: string): SupervisedProcess {
    const found = this.#processes.find((process) => process.plan.name === name);
    if (found !== undefined) return found;
    const names = this.#processes.map((process) => process.plan.name).join(', ');
    throw new Fault(`there is no process '${name}'; there are: ${names}`);
  }

  #assertAccepting(): void {
    if (this.#isStopping()) throw new Fault('the stack is going down');
  }

  #save(): void {
    if (this.#isAbandoned) return;
    writeState(this.home, {
      version: 1,
      ...ownIdentity(),
      ports: this.ports,
      processes: this.#processes.map((process) => {
        const { stopWave, stopSignal, stopBoundMs } = process.plan;
        const { name, kind, address } = process.row();
        const identity = process.identity ?? null;
        return { name, kind, address, identity, desired: process.desired, stopWave, stopSignal, stopBoundMs };
      }),
    });
  }
}

/**
 * Ends processes that nobody supervises, in stop order: politely, and by SIGKILL after each one's bound. Their run
 * files go with them.
 */
export async function endProcesses(
  home: Home,
  living: readonly LivingProcess[],
  report: Report,
): Promise<void> {
  const waves = [...new Set(living.map((process) => process.stopWave))].sort((a, b) => a - b);
  for (const wave of waves) {
    await Promise.all(
      living
        .filter((process) => process.stopWave === wave)
        .map((process) => endProcess(home, process, report)),
    );
  }
}

async function endProcess(home: Home, living: LivingProcess, report: Report): Promise<void> {
  signalIdentity(living.identity, living.stopSignal);
  signalIdentity(living.identity, 'SIGCONT');
  const deadline = Date.now() + living.stopBoundMs;
  while (nodeProcesses.isAlive(living.identity)) {
    if (Date.now() > deadline) signalIdentity(living.identity, 'SIGKILL');
    await delay(50);
  }
  removeRunFile(runFileOf(home, living.name));
  report(`${living.name}: stopped`);
}

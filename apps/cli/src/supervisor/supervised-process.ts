/**
 * One process of the stack under supervision: starts it, finds out when it is ready, starts it again when it
 * crashes unless it was killed on purpose, stops it. Holds its state and the wish for it (`desired`); owned by
 * Supervisor, which is told of every change.
 *
 * What must hold: at most one child at a time (`#generation` makes everything that was begun for an older one
 * void), and a change is reported in the same turn in which a child was started, so that the state file knows it.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { ProcessIdentity } from '@tidemark/platform';
import { Fault, reasonOf } from '../console/fault.js';
import { logPathOf, runFileOf, type Home } from '../stack/home.js';
import { readRunFile, removeRunFile, writeRunFile, type RunFile } from '../stack/run-file.js';
import { BackOff } from './back-off.js';
import { adoptChild, spawnChild, type Child, type Exit } from './child.js';
import type { ProcessPlan, ProcessRow, ProcessState } from './process-plan.js';

export type Desired = 'running' | 'killed' | 'stopped';
export type OnChange = (process: SupervisedProcess, note?: string) => void;

const PROBE_EVERY_MS = 50;
/** EX_CONFIG: the same configuration would fail again, so it is not started again. */
const EXIT_CONFIGURATION = 78;
const CRASHES_BEFORE_GIVING_UP_START = 4;
const DEADLY: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGKILL', 'SIGINT', 'SIGQUIT', 'SIGABRT', 'SIGHUP'];

export class SupervisedProcess {
  #state: ProcessState = 'stopped';
  #desired: Desired = 'stopped';
  #child: Child | undefined;
  #run: RunFile | undefined;
  #generation = 0;
  #readySince = 0;
  #launching: Promise<void> = Promise.resolve();
  #lastEnd = '';
  readonly #backOff = new BackOff();

  constructor(
    readonly plan: ProcessPlan,
    private readonly home: Home,
    private readonly onChange: OnChange,
  ) {}

  get state(): ProcessState {
    return this.#state;
  }

  get desired(): Desired {
    return this.#desired;
  }

  get identity(): ProcessIdentity | undefined {
    return this.#child?.identity;
  }

  row(): ProcessRow {
    const { name, kind } = this.plan;
    const address = this.#run === undefined ? null : this.plan.address(this.#run);
    return { name, kind, pid: this.identity?.pid ?? null, state: this.#state, address };
  }

  /** Starts it unless it runs; a pending restart happens at once. */
  start(): void {
    if (this.#child !== undefined) return;
    this.#desired = 'running';
    this.#backOff.reset();
    this.#launch();
  }

  /** Takes over a living process that another supervisor started. */
  adopt(identity: ProcessIdentity): void {
    this.#desired = 'running';
    this.#generation += 1;
    const child = adoptChild(identity);
    this.#publish(child);
    this.#own(child, this.#generation);
    this.#change('starting', `adopted (pid ${identity.pid})`);
  }

  /** Sends a signal on the user's wish; after a deadly one it stays down until `start`. */
  kill(signal: NodeJS.Signals): void {
    const child = this.#child;
    if (child === undefined) throw new Fault(`${this.plan.name} is not running (${this.#state})`);
    const desiredBefore = this.#desired;
    if (DEADLY.includes(signal)) this.#desired = 'killed';
    if (!child.signal(signal)) {
      this.#desired = desiredBefore;
      throw new Fault(`${this.plan.name} is gone already`);
    }
    if (signal === 'SIGSTOP') this.#change('paused', 'paused on purpose');
    else if (signal === 'SIGCONT' && this.#state === 'paused') {
      this.#change('starting', 'resumed');
      this.#awaitReady(this.#generation);
    } else this.onChange(this, `sent ${signal} on purpose`);
  }

  /** Ends it and waits until it is gone: the polite signal first, SIGKILL after the plan's bound. */
  async stop(): Promise<void> {
    this.#desired = 'stopped';
    await this.#launching;
    this.#generation += 1;
    const child = this.#child;
    if (child === undefined) {
      this.#removeRunFile();
      this.#change('stopped');
      return;
    }
    const wasPaused = this.#state === 'paused';
    this.#change('stopping');
    child.signal(this.plan.stopSignal);
    if (wasPaused) child.signal('SIGCONT');
    const bound = new AbortController();
    const outcome = await Promise.race([
      child.exited,
      delay(this.plan.stopBoundMs, 'late' as const, { signal: bound.signal }).catch(() => 'late' as const),
    ]);
    bound.abort();
    if (outcome === 'late') {
      child.signal('SIGKILL');
      await child.exited;
    }
    this.#child = undefined;
    this.#removeRunFile();
    this.#change('stopped', outcome === 'late' ? 'did not stop in time and was killed' : undefined);
  }

  /** Resolves when it is ready. Rejects with a `Fault` that names the reason when it does not get there. */
  async ready(boundMs: number, abandoned: AbortSignal): Promise<void> {
    const deadline = Date.now() + boundMs;
    for (;;) {
      if (this.#state === 'running') return;
      const why =
        this.#state === 'failed' || this.#backOff.crashesInARow >= CRASHES_BEFORE_GIVING_UP_START
          ? `${this.plan.name} does not start: ${this.#lastEnd}`
          : Date.now() > deadline
            ? `${this.plan.name} was not ready within ${Math.round(boundMs / 1000)} s`
            : abandoned.aborted
              ? 'interrupted while starting'
              : this.#desired === 'killed'
                ? `${this.plan.name} was killed while the stack started`
                : undefined;
      if (why !== undefined) throw new Fault(why);
      await delay(PROBE_EVERY_MS);
    }
  }

  /** Forgets the child without touching it: what happens to it when the supervisor itself dies. */
  abandon(): void {
    this.#generation += 1;
    this.#desired = 'stopped';
  }

  #launch(): void {
    this.#generation += 1;
    const generation = this.#generation;
    this.#run = undefined;
    this.#change('starting');
    this.#launching = this.#spawn(generation).catch((cause: unknown) => {
      if (generation === this.#generation) this.#ended({ exitCode: null, signal: null }, reasonOf(cause));
    });
  }

  async #spawn(generation: number): Promise<void> {
    await this.plan.prepare?.();
    if (generation !== this.#generation || this.#desired !== 'running') return;
    this.#removeRunFile();
    const child = await spawnChild(this.plan, logPathOf(this.home, this.plan.name));
    this.#own(child, generation);
    this.onChange(this);
    this.#publish(child);
  }

  #own(child: Child, generation: number): void {
    this.#child = child;
    void child.exited.then((exit) => {
      if (generation === this.#generation) this.#ended(exit);
    });
    this.#awaitReady(generation);
  }

  #publish(child: Child): void {
    const addresses = this.plan.publishedAddresses;
    if (addresses === undefined || child.identity === undefined) return;
    const { name, kind } = this.plan;
    const startedAt = new Date().toISOString();
    writeRunFile(runFileOf(this.home, name), { name, kind, ...child.identity, addresses, startedAt });
  }

  /** Some processes write none themselves, some had no chance to remove it. */
  #removeRunFile(): void {
    removeRunFile(runFileOf(this.home, this.plan.name));
  }

  #awaitReady(generation: number): void {
    const waiting = (): boolean => generation === this.#generation && this.#child !== undefined;
    const poll = async (): Promise<void> => {
      while (waiting() && this.#state !== 'paused') {
        const run = readRunFile(runFileOf(this.home, this.plan.name));
        const current = run !== undefined && run.pid === this.identity?.pid;
        if (current && (await this.plan.probe(run).catch(() => false)) && waiting()) {
          this.#run = run;
          this.#readySince = Date.now();
          if (this.#state === 'starting') this.#change('running', 'ready');
          return;
        }
        await delay(PROBE_EVERY_MS, undefined, { ref: false });
      }
    };
    void poll();
  }

  #ended(exit: Exit, reason = describeExit(exit)): void {
    this.#child = undefined;
    this.#run = undefined;
    this.#lastEnd = reason;
    if (this.#desired === 'killed') {
      this.#change('killed', reason);
      return;
    }
    if (this.#desired === 'stopped') {
      this.#change('stopped', reason);
      return;
    }
    if (exit.exitCode === EXIT_CONFIGURATION) {
      this.#change('failed', `${reason}: not started again`);
      return;
    }
    const delayMs = this.#backOff.crashed(this.#readySince === 0 ? 0 : Date.now() - this.#readySince);
    this.#readySince = 0;
    this.#generation += 1;
    const generation = this.#generation;
    this.#change('restarting', `${reason}; starting it again in ${delayMs} ms`);
    void delay(delayMs).then(() => {
      if (generation === this.#generation && this.#desired === 'running') this.#launch();
    });
  }

  #change(state: ProcessState, note?: string): void {
    this.#state = state;
    this.onChange(this, note);
  }
}

function describeExit(exit: Exit): string {
  if (exit.signal !== null) return `ended by ${exit.signal}`;
  return exit.exitCode === null ? 'ended' : `exited with code ${exit.exitCode}`;
}

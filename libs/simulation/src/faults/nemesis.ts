/**
 * Brings the faults of a schedule about, undoes each when its time is over, and heals everything at the end. Holds what
 * has to be undone and how many faults had an effect: a run whose faults did not bite proves nothing.
 *
 * What must hold: power is not lost where the only copy of something committed by primary-backup would go with it
 * (docs/guarantees.md says what that protocol promises); everything else may strike at any time.
 */
import { hostOf, type Machine } from '../cluster/machine.js';
import type { Coverage, Situation } from '../checkers/coverage.js';
import type { Invariants } from '../checkers/invariants.js';
import type { NetworkHub } from '../doors/network-hub.js';
import type { World } from '../doors/world.js';
import type { SeededRandom } from '../doors/seeded-random.js';
import type { Fault, FaultKind, StoryKind } from './fault.js';
import {
  deafenPromised,
  disturbJoining,
  killWhileBehind,
  loseAnswers,
  losePowerBriefly,
  slowElection,
  topple,
  toppleControllers,
  type Stage,
  type Undo,
} from './stories.js';

export interface NemesisOptions {
  readonly world: World;
  readonly random: SeededRandom;
  readonly hub: NetworkHub;
  readonly machines: readonly Machine[];
  readonly invariants: Invariants;
  readonly coverage: Coverage;
  readonly clientHosts: readonly string[];
  /** Partitions that leaders are looked up of. */
  readonly keys: readonly string[];
  /** Who decides for the cluster at the moment, as far as anybody knows. */
  controller(): Machine | undefined;
  readonly trace: (line: string) => void;
}

/** A supervisor starts a process that ended by itself again after so long. */
const SUPERVISOR_MS = 500;

const STORY_SITUATIONS: ReadonlyMap<FaultKind, Situation> = new Map<FaultKind, Situation>([
  ['topple-leaders', 'leaders killed one after the other'],
  ['slow-election', 'election in a slow network'],
  ['deafen-promised', 'nothing heard after a promise'],
  ['disturb-joining', 'disturbed while joining the in-sync set'],
  ['kill-while-behind', 'leader killed while a follower is behind'],
  ['lose-power-briefly', 'power lost and back in a blink'],
  ['lose-answers', 'killed before answers arrived'],
]);

export class Nemesis {
  bitten = 0;
  readonly struck = new Map<FaultKind, number>();
  private readonly open = new Set<() => void>();
  /** Machines that a fault keeps down. */
  private readonly held = new Map<number, number>();
  private over = false;
  private readonly stage: Stage;

  constructor(private readonly options: NemesisOptions) {
    const { world, hub, machines, invariants, clientHosts, trace } = options;
    this.stage = {
      ...{ world, hub, machines, invariants, clientHosts, trace },
      controller: () => options.controller(),
      kill: (machine) => this.kill(machine),
      losePower: (some) => this.losePower(some),
    };
    for (const machine of options.machines) {
      machine.onEnded = (ending) => {
        options.trace(
          `broker ${machine.id} ${ending}${machine.lastError === undefined ? '' : `: ${machine.lastError.message}`}`,
        );
        if (ending === 'exited') this.supervise(machine);
      };
    }
  }

  plan(schedule: readonly Fault[]): void {
    for (const fault of schedule) {
      this.options.world.schedule(fault.at, undefined, () => {
        if (!this.over) this.strike(fault);
      });
    }
  }

  /** Undoes whatever is still wrong; from now on nothing strikes. */
  heal(): void {
    this.over = true;
    for (const undo of [...this.open]) undo();
    for (const machine of this.options.machines) {
      machine.continue();
      machine.killInDiskCall(undefined);
      if (!machine.running) machine.start();
    }
  }

  private strike(fault: Fault): void {
    const undo = this.begin(fault);
    if (undo === undefined) return;
    const { world, trace } = this.options;
    trace(`${fault.kind} (${fault.target}) for ${fault.durationMs} ms`);
    this.struck.set(fault.kind, (this.struck.get(fault.kind) ?? 0) + 1);
    const end = (): void => {
      if (!this.open.delete(end)) return;
      trace(`${fault.kind} (${fault.target}) is over`);
      if (!undo()) return;
      this.bitten += 1;
      const situation = STORY_SITUATIONS.get(fault.kind);
      if (situation !== undefined) this.options.coverage.reached(situation);
    };
    this.open.add(end);
    world.schedule(fault.durationMs, undefined, end);
  }

  private begin(fault: Fault): Undo | undefined {
    const { machines, keys, invariants } = this.options;
    const any = machines[fault.target % machines.length];
    const key = keys[fault.target % Math.max(1, keys.length)] ?? '';
    const leading = invariants.placement(key)?.leader ?? -1;
    const leader = machines.find(({ id }) => id === leading);
    switch (fault.kind) {
      case 'kill':
        return this.kill(any);
      case 'kill-leader':
        return this.kill(leader);
      case 'kill-controller':
        return this.kill(this.options.controller());
      case 'kill-all':
        return all(machines.map((machine) => this.kill(machine)));
      case 'kill-in-disk-call':
        return this.killInDiskCall(any, fault.amount);
      case 'lose-power':
        return this.losePower(any === undefined ? [] : [any]);
      case 'lose-power-all':
        return this.losePower(machines);
      case 'shut-down':
        return this.shutDown(any);
      case 'stop':
        return this.stop(any);
      case 'stop-leader':
        return this.stop(leader);
      case 'stop-controller':
        return this.stop(this.options.controller());
      case 'isolate':
        return this.isolate(any, fault.amount % 2 === 0);
      case 'isolate-leader':
        return this.isolate(leader, fault.amount % 2 === 0);
      case 'isolate-controller':
        return this.isolate(this.options.controller(), fault.amount % 2 === 0);
      case 'cut-pair':
        return this.cutPair(any, fault.amount);
      case 'deafen':
        return any && this.block(this.others(any).map((host) => [host, any.host]));
      case 'silence':
        return any && this.block(this.others(any).map((host) => [any.host, host]));
      case 'clog':
        return any && this.clog(any, 5 + fault.amount / 2);
      case 'slow-disk':
        return any && this.slowDisk(any, 5 + fault.amount / 4);
      case 'full-disk':
        return any && this.fullDisk(any, fault.amount);
      case 'failing-sync':
        return any && this.failingSync(any);
      default:
        return this.beginStory({ ...fault, kind: fault.kind });
    }
  }

  private beginStory(fault: Fault & { readonly kind: StoryKind }): Undo | undefined {
    const { keys, invariants } = this.options;
    const key = keys[fault.target % Math.max(1, keys.length)] ?? '';
    switch (fault.kind) {
      case 'topple-leaders':
        return this.firstFit(fault, (one) => {
          const random = this.options.random.fork(`story:${fault.at}`);
          // By quorum somebody always leads, so that more of them fall.
          const meant = invariants.isQuorum(one) || !keys.some((other) => invariants.isQuorum(other));
          return meant || random.chance(0.25) ? topple(this.stage, one, random) : undefined;
        });
      case 'topple-controllers':
        return toppleControllers(this.stage);
      case 'slow-election':
        return slowElection(this.stage, 20 + fault.amount / 8, fault.amount % 2 === 0);
      case 'deafen-promised':
        return this.firstFit(fault, (one) => deafenPromised(this.stage, one));
      case 'disturb-joining':
        return this.firstFit(fault, (one) => disturbJoining(this.stage, one, fault.amount % 2 === 0));
      case 'kill-while-behind':
        return this.firstFit(fault, (one) => killWhileBehind(this.stage, one));
      case 'lose-power-briefly':
        return this.firstFit(fault, (one) => losePowerBriefly(this.stage, one, fault.amount));
      case 'lose-answers':
        return loseAnswers(this.stage, key, fault.amount % 2 === 0);
    }
  }

  /** The first partition, from the one that is meant, that the story can be played with. */
  private firstFit({ target }: Fault, begin: (key: string) => Undo | undefined): Undo | undefined {
    const { keys } = this.options;
    for (let index = 0; index < keys.length; index += 1) {
      const undo = begin(keys[(target + index) % keys.length] ?? '');
      if (undo !== undefined) return undo;
    }
    return undefined;
  }

  private kill(machine: Machine | undefined): Undo | undefined {
    if (machine?.running !== true) return undefined;
    machine.kill();
    return this.down(machine, () => this.options.coverage.reached('restart after kill'));
  }

  private killInDiskCall(machine: Machine | undefined, after: number): Undo | undefined {
    if (machine?.running !== true || machine.stopped) return undefined;
    machine.killInDiskCall(after % 60);
    return () => {
      machine.killInDiskCall(undefined);
      const died = machine.ending === 'killed' && !machine.running;
      if (died) this.options.coverage.reached('killed inside a disk call');
      if (died && !this.held.has(machine.id)) machine.start();
      return died;
    };
  }

  private losePower(machines: readonly Machine[]): Undo | undefined {
    const { invariants, coverage } = this.options;
    const running = machines.filter((machine) => machine.running);
    if (running.length === 0 || !invariants.survivesWithout(running.map(({ id }) => id))) return undefined;
    return all(
      running.map((machine) => {
        machine.losePower();
        invariants.lostPower(machine.id);
        return this.down(machine, () => coverage.reached('restart after power loss'));
      }),
    );
  }

  private shutDown(machine: Machine | undefined): Undo | undefined {
    if (machine?.ready !== true || machine.stopped) return undefined;
    machine.shutDown();
    return this.down(machine, () => {
      if (machine.ending === 'shut-down') this.options.coverage.reached('restart in order');
      else machine.kill();
    });
  }

  /** Keeps a machine down until the fault is over, and starts it then. */
  private down(machine: Machine, restarting: () => void): Undo {
    this.held.set(machine.id, (this.held.get(machine.id) ?? 0) + 1);
    return () => {
      const holds = (this.held.get(machine.id) ?? 1) - 1;
      if (holds > 0) this.held.set(machine.id, holds);
      else this.held.delete(machine.id);
      restarting();
      if (holds === 0 && !machine.running) machine.start();
      return true;
    };
  }

  private stop(machine: Machine | undefined): Undo | undefined {
    if (machine?.running !== true || machine.stopped) return undefined;
    const { incarnation } = machine;
    machine.stop();
    return () => {
      const waited = (incarnation?.waiting.length ?? 0) > 0;
      if (machine.incarnation === incarnation) machine.continue();
      return waited;
    };
  }

  private isolate(machine: Machine | undefined, fromClients: boolean): Undo | undefined {
    if (machine === undefined) return undefined;
    const hosts = [...this.others(machine), ...(fromClients ? this.options.clientHosts : [])];
    return this.block(
      hosts.flatMap((host) => [[host, machine.host] as const, [machine.host, host] as const]),
    );
  }

  private cutPair(machine: Machine | undefined, amount: number): Undo | undefined {
    if (machine === undefined) return undefined;
    const others = this.others(machine);
    const other = others[amount % Math.max(1, others.length)];
    if (other === undefined) return undefined;
    return this.block([
      [machine.host, other],
      [other, machine.host],
    ]);
  }

  private block(pairs: readonly (readonly [from: string, to: string])[]): Undo | undefined {
    if (pairs.length === 0) return undefined;
    const { hub, coverage } = this.options;
    const links = pairs.map(([from, to]) => hub.link(from, to));
    const before = hub.heldUp;
    for (const link of links) link.blocks += 1;
    return () => {
      for (const link of links) link.unblock();
      const heldUp = hub.heldUp - before;
      coverage.reached('bytes held up by a partition', heldUp);
      return heldUp > 0;
    };
  }

  private clog(machine: Machine, delayMs: number): Undo {
    const hosts = [...this.others(machine), ...this.options.clientHosts];
    const links = hosts.flatMap((host) => [
      this.options.hub.link(host, machine.host),
      this.options.hub.link(machine.host, host),
    ]);
    for (const link of links) link.clogMs += delayMs;
    return () => {
      for (const link of links) link.clogMs -= delayMs;
      return machine.running;
    };
  }

  private slowDisk(machine: Machine, slowMs: number): Undo {
    const { trouble } = machine.disk;
    const before = machine.disk.slowedCalls;
    trouble.slowMs += slowMs;
    return () => {
      trouble.slowMs -= slowMs;
      return machine.disk.slowedCalls > before;
    };
  }

  private fullDisk(machine: Machine, bytes: number): Undo | undefined {
    const { disk } = machine;
    if (disk.trouble.freeBytes < Infinity) return undefined;
    const before = disk.writesRefused;
    disk.trouble.freeBytes = bytes;
    return () => {
      disk.trouble.freeBytes = Infinity;
      const refused = disk.writesRefused > before;
      if (refused) this.options.coverage.reached('disk full');
      return refused;
    };
  }

  /** What could not be forced to disk is not known any more: somebody restarts the process in the end. */
  private failingSync(machine: Machine): Undo {
    const { trouble } = machine.disk;
    trouble.failingSyncs += 1;
    return () => {
      const failed = trouble.failingSyncs === 0;
      trouble.failingSyncs = 0;
      if (!failed) return false;
      this.options.coverage.reached('sync failed');
      machine.kill();
      if (!this.held.has(machine.id)) machine.start();
      return true;
    };
  }

  private supervise(machine: Machine): void {
    this.options.world.schedule(SUPERVISOR_MS, undefined, () => {
      if (!machine.running && !this.held.has(machine.id)) machine.start();
    });
  }

  private others(machine: Machine): string[] {
    return this.options.machines.filter(({ id }) => id !== machine.id).map(({ id }) => hostOf(id));
  }
}

function all(undos: readonly (Undo | undefined)[]): Undo | undefined {
  const some = undos.filter((undo) => undo !== undefined);
  if (some.length === 0) return undefined;
  return () => some.map((undo) => undo()).some((bit) => bit);
}

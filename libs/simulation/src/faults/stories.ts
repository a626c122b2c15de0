/**
 * Faults of several acts, each of which waits for the cluster to get where the next one hurts: chance alone does not kill
 * a leader in the millisecond after its election three times running. Holds nothing between stories; the nemesis begins
 * one as any other fault and ends it. `docs/simulation.md` says which bug of the past each was written after.
 *
 * What must hold: what a story did is undone when it is ended, in whatever act that is.
 */
import type { Invariants } from '../checkers/invariants.js';
import { METADATA_KEY } from '../cluster/broker-view.js';
import type { Machine } from '../cluster/machine.js';
import type { Link } from '../doors/link.js';
import type { NetworkHub } from '../doors/network-hub.js';
import type { SeededRandom } from '../doors/seeded-random.js';
import type { World } from '../doors/world.js';

/** What stories are made of. */
export interface Stage {
  readonly world: World;
  readonly hub: NetworkHub;
  readonly machines: readonly Machine[];
  readonly invariants: Invariants;
  readonly clientHosts: readonly string[];
  readonly trace: (line: string) => void;
  controller(): Machine | undefined;
  /** Down until it is undone. */
  kill(machine: Machine | undefined): Undo | undefined;
  /** Nothing where only one copy of something would be left. */
  losePower(machines: readonly Machine[]): Undo | undefined;
}

/** Undoes a fault, and answers whether it had an effect. */
export type Undo = () => boolean;

type Pair = readonly [Machine, Machine];

/** A killed broker that is to be back at once. */
const BLINK_MS = 20;
/** Clients send a few batches meanwhile, and none of them gives up. */
const SILENT_MS = 400;
/** Less than it takes for whoever hears nothing to be fenced. */
const DEAF_MS = 500;
const STRANDED_MS = [0, 10, 100, 300, 500] as const;

/**
 * Leaders of one partition fall one after the other: each is cut off from both or one of the others, so that what clients
 * send it stays with it, then killed; the one before it comes back (Raft's figure 8, KIP-101, KIP-279).
 */
export function topple(stage: Stage, key: string, random: SeededRandom): Undo | undefined {
  const { world, machines, invariants } = stage;
  const acts = new Acts(stage);
  let fallen = -1;
  let count = 0;
  let busy = false;
  let back: (() => void) | undefined;
  acts.look(() => {
    const leading = invariants.placement(key)?.leader ?? -1;
    const leader = machines.find(({ id }) => id === leading);
    if (busy || leader?.running !== true || leading === fallen) return;
    busy = true;
    fallen = leading;
    const others = machines.filter((machine) => machine !== leader);
    const deaf = random.chance(0.5) ? others : [random.pick(others)];
    stage.trace(`${key}: leader ${leading} is cut off from ${deaf.map(({ id }) => id).join(', ')}`);
    const open = acts.cut(deaf.map((other) => [leader, other]));
    world.schedule(random.pick(STRANDED_MS), undefined, () => {
      if (acts.over) return;
      open();
      back?.();
      const risen = stage.kill(leader);
      back = risen && once(risen);
      count += 1;
      busy = false;
    });
  });
  acts.finally(() => back?.());
  return acts.end(() => count > 1);
}

/**
 * Whoever decides falls when the others have what it wrote and nobody knows that this is a majority; whoever comes next finds
 * entries of an earlier epoch that are not committed (figure 8 again, for the metadata).
 */
export function toppleControllers(stage: Stage): Undo | undefined {
  const { machines, invariants } = stage;
  const acts = new Acts(stage);
  let count = 0;
  let back: (() => void) | undefined;
  acts.look(() => {
    const decider = stage.controller();
    if (decider === undefined) return;
    const { end } = invariants.committedLog(METADATA_KEY);
    const others = machines.filter((machine) => machine !== decider && machine.running);
    const known = ({ id }: Machine): number => invariants.mirrors.get(id)?.of(METADATA_KEY)?.end ?? 0;
    if (others.length < 2 || others.some((machine) => known(machine) <= end)) return;
    back?.();
    const risen = stage.kill(decider);
    back = risen && once(risen);
    if (risen !== undefined) stage.world.schedule(10 * BLINK_MS, undefined, () => back?.());
    count += 1;
  });
  acts.finally(() => back?.());
  return acts.end(() => count > 1);
}

/**
 * Everything is slow between brokers, and whoever decides is gone; `apart`: it is back in a blink, and the others, who hear
 * nothing of each other, both think that their time has come.
 */
export function slowElection(stage: Stage, delayMs: number, apart: boolean): Undo | undefined {
  const { hub, machines, world } = stage;
  const decider = stage.controller();
  const back = stage.kill(decider);
  if (back === undefined) return undefined;
  const acts = new Acts(stage);
  const again = once(back);
  const others = machines.filter((machine) => machine !== decider);
  if (apart) {
    acts.cut(others.flatMap((one, index) => others.slice(index + 1).map((other) => [one, other] as const)));
    world.schedule(BLINK_MS, undefined, again);
  }
  const links = machines.flatMap((from) =>
    machines.filter((to) => to !== from).map((to) => hub.link(from.host, to.host)),
  );
  for (const link of links) link.clogMs += delayMs;
  acts.finally(() => {
    for (const link of links) link.clogMs -= delayMs;
    again();
  });
  return acts.end(() => true);
}

/**
 * A leader is cut off from whoever decides, and fenced for it; whoever promises to serve its epoch no more hears nothing from
 * there after that, so that the promise alone keeps it from following.
 */
export function deafenPromised(stage: Stage, key: string): Undo | undefined {
  const { machines, invariants, hub } = stage;
  const decider = stage.controller();
  const placement = invariants.placement(key);
  const leading = placement?.leader ?? -1;
  const leader = machines.find(({ id }) => id === leading);
  if (placement?.quorum !== true || decider === undefined || leader === undefined || decider === leader)
    return undefined;
  const acts = new Acts(stage);
  acts.cut([[leader, decider]]);
  const before = new Map(machines.map((machine) => [machine, machine.disk.promises]));
  let promised: Machine | undefined;
  acts.look(() => {
    promised = machines.find(
      (machine) =>
        machine !== decider && machine !== leader && machine.disk.promises > (before.get(machine) ?? 0),
    );
    if (promised === undefined) return;
    acts.lookNoMore();
    stage.trace(`broker ${promised.id} has promised; ${leading} led ${key}, ${decider.id} decides`);
    acts.block([hub.link(decider.host, promised.host)]);
  });
  return acts.end(() => promised !== undefined);
}

/**
 * A follower that comes back is about to be taken into the in-sync set, and its leader has asked for it. `dark`: it loses its
 * power and is back before whoever decides has heard (KIP-903); else the leader hears neither of the two for a while.
 */
export function disturbJoining(stage: Stage, key: string, dark: boolean): Undo | undefined {
  const { machines, invariants, world, hub } = stage;
  const placement = invariants.placement(key);
  if (placement?.quorum !== false) return undefined;
  const decider = stage.controller();
  const leader = machines.find(({ id }) => id === placement.leader);
  const joining = machines.find(
    (machine) => machine !== decider && machine !== leader && placement.replicas.includes(machine.id),
  );
  if (leader === undefined || joining === undefined || leader === decider || decider === undefined)
    return undefined;
  const acts = new Acts(stage);
  const back = stage.kill(joining);
  if (back === undefined) return undefined;
  const again = once(() => back());
  acts.finally(again);
  // Long enough for something to come that it does not have.
  world.schedule(600, undefined, again);
  let bit = false;
  acts.look(() => {
    if (leader.view?.isJoining(key, joining.id) !== true) return;
    acts.lookNoMore();
    stage.trace(`${key}: broker ${leader.id} asks for ${joining.id}, ${decider.id} decides`);
    if (!dark) {
      bit = true;
      const deaf = acts.block([hub.link(decider.host, leader.host), hub.link(joining.host, leader.host)]);
      world.schedule(DEAF_MS, undefined, deaf);
      return;
    }
    const known = invariants.image?.brokers.get(joining.id)?.epoch;
    const heard = acts.cut([[leader, decider]]);
    const apart = acts.cut([[leader, joining]]);
    const lost = stage.losePower([joining]);
    bit = lost !== undefined;
    const lit = once(() => lost?.());
    acts.finally(lit);
    world.schedule(BLINK_MS, undefined, lit);
    acts.look(() => {
      const now = invariants.image?.brokers.get(joining.id);
      if (now === undefined || now.epoch === known || now.fenced) return;
      acts.lookNoMore();
      stage.trace(`broker ${joining.id} is back as ${now.epoch}`);
      heard();
      world.schedule(5 * BLINK_MS, undefined, apart);
    });
  });
  return acts.end(() => bit);
}

/** Whoever is in sync loses its power and is back before anybody misses it: it has to say what it may lack (KIP-966). */
export function losePowerBriefly(stage: Stage, key: string, which: number): Undo | undefined {
  const { machines, invariants, world } = stage;
  const placement = invariants.placement(key);
  if (placement?.quorum !== false) return undefined;
  const inSync = machines.filter(({ id }) => placement.isr.includes(id));
  const chosen = inSync[which % Math.max(1, inSync.length)];
  if (chosen?.running !== true) return undefined;
  const acts = new Acts(stage);
  const lost = stage.losePower([chosen]);
  if (lost === undefined) return undefined;
  const lit = once(lost);
  acts.finally(lit);
  world.schedule(BLINK_MS, undefined, lit);
  return acts.end(() => true);
}

/**
 * A follower falls, and when it is out of the in-sync set and something has come that it lacks, it comes back and the leader
 * falls in the same instant: nobody may lead who has less (of two copies nobody may lead at all).
 */
export function killWhileBehind(stage: Stage, key: string): Undo | undefined {
  const { machines, invariants, world } = stage;
  const placement = invariants.placement(key);
  const leader = machines.find(({ id }) => id === placement?.leader);
  if (placement?.quorum !== false) return undefined;
  const behind = machines.find(({ id }) => id !== placement.leader && placement.isr.includes(id));
  if (leader === undefined || behind === undefined) return undefined;
  const acts = new Acts(stage);
  const back = stage.kill(behind);
  if (back === undefined) return undefined;
  const again = once(() => back());
  acts.finally(again);
  let bit = false;
  acts.look(() => {
    const now = invariants.placement(key);
    const lacks = invariants.committedLog(key).end > (invariants.mirrors.get(behind.id)?.of(key)?.end ?? 0);
    if (!lacks || now?.leader !== leader.id || now.isr.includes(behind.id)) return;
    acts.lookNoMore();
    world.schedule(BLINK_MS, undefined, () => {
      if (acts.over) return;
      again();
      const leaderBack = stage.kill(leader);
      bit = leaderBack !== undefined;
      acts.finally(() => leaderBack?.());
    });
  });
  return acts.end(() => bit);
}

/** What brokers answer does not arrive for a while, and then the leader, or all of them, are gone. */
export function loseAnswers(stage: Stage, key: string, whole: boolean): Undo | undefined {
  const { hub, machines, invariants, clientHosts, world } = stage;
  const leading = invariants.placement(key)?.leader ?? -1;
  const acts = new Acts(stage);
  const open = acts.block(
    machines.flatMap(({ host }) => clientHosts.map((client) => hub.link(host, client))),
  );
  let bit = false;
  world.schedule(SILENT_MS, undefined, () => {
    if (acts.over) return;
    for (const machine of machines) {
      const back = whole || machine.id === leading ? stage.kill(machine) : undefined;
      bit ||= back !== undefined;
      acts.finally(() => back?.());
    }
    open();
  });
  return acts.end(() => bit);
}

/** What one story has open. */
class Acts {
  over = false;
  private readonly undos: (() => void)[] = [];
  private looker: (() => void) | undefined;

  constructor(private readonly stage: Stage) {}

  /** After each step, until told otherwise. */
  look(look: () => void): void {
    this.lookNoMore();
    this.looker = look;
    this.stage.world.lookers.add(look);
  }

  lookNoMore(): void {
    if (this.looker !== undefined) this.stage.world.lookers.delete(this.looker);
    this.looker = undefined;
  }

  /** Nothing passes between these, either way, until what is answered is called or the story ends. */
  cut(pairs: readonly Pair[]): () => void {
    const { hub } = this.stage;
    return this.block(
      pairs.flatMap(([{ host: one }, { host: other }]) => [hub.link(one, other), hub.link(other, one)]),
    );
  }

  block(links: readonly Link[]): () => void {
    for (const link of links) link.blocks += 1;
    const open = once(() => {
      for (const link of links) link.unblock();
    });
    this.finally(open);
    return open;
  }

  finally(undo: () => void): void {
    this.undos.push(undo);
  }

  end(bit: () => boolean): Undo {
    return () => {
      this.over = true;
      this.lookNoMore();
      for (const undo of this.undos) undo();
      return bit();
    };
  }
}

function once(act: () => unknown): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    act();
  };
}

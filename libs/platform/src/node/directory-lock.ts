/**
 * A directory held by one process: who wants it announces itself by a file named after its identity
 * (`.lock-<pid>-<startTime>-<bootId>`), then looks whether anybody else alive has announced. Node has no flock.
 *
 * What must hold:
 * - Two processes never both hold it: each looks only after its own file is there, so the later one to look sees
 *   the earlier one's.
 * - Taking over from the dead has no race: a dead process's file name can never belong to a living one again, so
 *   removing it can hit nobody else.
 * - Of two that start at the same moment, exactly one gets it: the one of lower (start time, pid) waits for the
 *   other to withdraw. A file that says `held` ends the waiting at once.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { DirectoryLock } from '../disk.js';
import type { ProcessIdentity } from '../processes.js';
import { assert } from '../assert.js';
import { atDisk } from './disk-errors.js';
import { identifyProcess, isSameProcessAlive } from './process-identity.js';

const PREFIX = '.lock-';
const HELD = 'held\n';
const WAIT_STEP_MS = 5;
const WAIT_MAX_STEPS = 100;

interface Rival {
  readonly identity: ProcessIdentity;
  readonly held: boolean;
}

export function lockDirectory(directory: string): DirectoryLock | { readonly heldBy: number } {
  const self = identifyProcess(process.pid);
  assert(self !== undefined, 'this process has no identity');
  const own = path.join(directory, fileName(self));
  const rebooted = filesOfOtherBoots(directory, self.bootId).length > 0;
  if (!announce(own)) return { heldBy: process.pid };
  for (let step = 0; ; step += 1) {
    const rival = findRival(directory, self);
    if (rival === undefined) {
      atDisk(own, () => fs.writeFileSync(own, HELD));
      return {
        rebooted,
        recovered: () => forgetOtherBoots(directory, self.bootId),
        release: () => atDisk(own, () => fs.rmSync(own, { force: true })),
      };
    }
    if (rival.held || !goesFirst(self, rival.identity) || step === WAIT_MAX_STEPS) {
      atDisk(own, () => fs.rmSync(own, { force: true }));
      return { heldBy: rival.identity.pid };
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAIT_STEP_MS);
  }
}

function fileName(identity: ProcessIdentity): string {
  return `${PREFIX}${identity.pid}-${identity.startTime}-${identity.bootId}`;
}

/** False when this very process has announced already: it holds the directory, or is about to. */
function announce(own: string): boolean {
  try {
    fs.closeSync(fs.openSync(own, 'wx', 0o644));
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
    return atDisk(own, () => {
      throw cause;
    });
  }
}

/** Files of former holders that never gave the directory up, and ran in another boot. */
function filesOfOtherBoots(directory: string, bootId: string): string[] {
  return atDisk(directory, () => fs.readdirSync(directory))
    .filter((name) => (parseFileName(name)?.bootId ?? bootId) !== bootId)
    .map((name) => path.join(directory, name));
}

function forgetOtherBoots(directory: string, bootId: string): void {
  for (const file of filesOfOtherBoots(directory, bootId))
    atDisk(file, () => fs.rmSync(file, { force: true }));
}

/**
 * A living process other than `self` that has announced. The dead ones' files are cleared away on the way, but for those
 * of other boots: they tell whoever comes next as well, until somebody has recovered.
 */
function findRival(directory: string, self: ProcessIdentity): Rival | undefined {
  let contender: Rival | undefined;
  for (const name of atDisk(directory, () => fs.readdirSync(directory))) {
    const identity = parseFileName(name);
    if (identity === undefined || fileName(identity) === fileName(self)) continue;
    const file = path.join(directory, name);
    if (identity.bootId !== self.bootId) continue;
    if (!isSameProcessAlive(identity)) {
      atDisk(file, () => fs.rmSync(file, { force: true }));
      continue;
    }
    const rival = { identity, held: isMarkedHeld(file) };
    if (rival.held) return rival;
    if (contender === undefined || goesFirst(identity, contender.identity)) contender = rival;
  }
  return contender;
}

function parseFileName(name: string): ProcessIdentity | undefined {
  const match = /^\.lock-(\d+)-(\d+)-(.*)$/.exec(name);
  if (match === null) return undefined;
  return { pid: Number(match[1]), startTime: Number(match[2]), bootId: match[3] ?? '' };
}

function isMarkedHeld(file: string): boolean {
  try {
    return fs.readFileSync(file, 'utf8') === HELD;
  } catch {
    // It withdrew between the listing and now; the next listing tells.
    return false;
  }
}

function goesFirst(one: ProcessIdentity, other: ProcessIdentity): boolean {
  if (one.startTime !== other.startTime) return one.startTime < other.startTime;
  return one.pid < other.pid;
}

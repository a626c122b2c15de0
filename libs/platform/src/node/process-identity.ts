/**
 * Who has a pid. On Linux from /proc; elsewhere from `ps`, which is slower but asked rarely. Stateless but for
 * the boot id, which cannot change while this process lives.
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import type { ProcessIdentity } from '../processes.js';

/** Fields after the command's closing parenthesis: state is the first of them, the start time the twentieth. */
const STATE_FIELD = 0;
const START_TIME_FIELD = 19;
const hasProc = fs.existsSync('/proc/self/stat');
let knownBootId: string | undefined;

/** Nothing when nobody has the pid, or only a zombie that waits to be reaped. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  const startTime = hasProc ? startTimeFromProc(pid) : startTimeFromPs(pid);
  return startTime === undefined ? undefined : { pid, startTime, bootId: bootId() };
}

export function isSameProcessAlive(identity: ProcessIdentity): boolean {
  const now = identifyProcess(identity.pid);
  return now?.startTime === identity.startTime && now.bootId === identity.bootId;
}

function startTimeFromProc(pid: number): number | undefined {
  let stat: string;
  try {
    stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // The command may contain blanks and parentheses; nothing after its last one does.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const state = fields[STATE_FIELD] ?? 'X';
  return isDead(state) ? undefined : Number(fields[START_TIME_FIELD]);
}

/** `ps` of macOS and the BSDs gives the start as a date of one second's precision. */
function startTimeFromPs(pid: number): number | undefined {
  try {
    const line = execFileSync('ps', ['-o', 'state=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      env: { LC_ALL: 'C', PATH: '/bin:/usr/bin' },
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    const [state = 'X', ...start] = line.split(/\s+/);
    const startTime = Date.parse(start.join(' '));
    return isDead(state) || Number.isNaN(startTime) ? undefined : startTime;
  } catch {
    return undefined;
  }
}

function isDead(state: string): boolean {
  return state.startsWith('Z') || state.startsWith('X');
}

function bootId(): string {
  knownBootId ??= readBootId();
  return knownBootId;
}

function readBootId(): string {
  try {
    if (hasProc) return fs.readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    const reply = execFileSync('sysctl', ['-n', 'kern.boottime'], { encoding: 'utf8', stdio: 'pipe' });
    return /sec = (\d+)/.exec(reply)?.[1] ?? 'unknown';
  } catch {
    // Start times from `ps` are wall-clock dates, so they tell boots apart by themselves.
    return 'unknown';
  }
}

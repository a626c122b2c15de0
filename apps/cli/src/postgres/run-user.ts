/**
 * Whom PostgreSQL runs as. It refuses to run as root, so a supervisor of root gives it an unprivileged user of its
 * own, made on first need; where none can be made, the system's `nobody`. Everybody else's runs as themselves.
 */
import { execFileSync } from 'node:child_process';
import { Fault } from '../console/fault.js';

export interface RunUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

const OWN_USER = 'tidemark-postgres';

/** Ways to make a system user, by distribution. None gives it a home or a shell. */
const MAKERS: readonly (readonly [string, ...string[]])[] = [
  ['useradd', '--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', OWN_USER],
  ['adduser', '-S', '-D', '-H', '-s', '/sbin/nologin', OWN_USER],
];

/** Nothing when the calling process is not root. Throws a `Fault` when there is nobody to run as. */
export function findRunUser(): RunUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const present = lookUp(OWN_USER);
  if (present !== undefined) return present;
  for (const [command, ...args] of MAKERS) {
    try {
      execFileSync(command, args, { stdio: 'ignore', timeout: 10_000 });
      const made = lookUp(OWN_USER);
      if (made !== undefined) return made;
    } catch {
      // Not this distribution's way, or /etc is read-only.
    }
  }
  const nobody = lookUp('nobody');
  if (nobody !== undefined) return nobody;
  throw new Fault('PostgreSQL cannot run as root, and no unprivileged user could be made for it');
}

function lookUp(name: string): RunUser | undefined {
  try {
    const id = (flag: string): number =>
      Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
    const [uid, gid] = [id('-u'), id('-g')];
    return uid > 0 ? { name, uid, gid } : undefined;
  } catch {
    return undefined;
  }
}

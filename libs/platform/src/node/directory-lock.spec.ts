/** The lock of a directory with real processes: one holder, and none for ever. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { nodeDisk } from './node-disk.js';
import { identifyProcess } from './process-identity.js';

let directory: string;
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tidemark-lock-'));
});
afterEach(() => {
  fs.rmSync(directory, { recursive: true, force: true });
});

function locks(): string[] {
  return fs.readdirSync(directory).filter((name) => name.startsWith('.lock-'));
}

/** A living process that is not this one; its announcement is written on its behalf. */
async function withStranger(mark: string, run: (pid: number) => Promise<void> | void): Promise<void> {
  const stranger: ChildProcess = spawn('sleep', ['60']);
  await new Promise((resolve) => stranger.once('spawn', resolve));
  try {
    const identity = identifyProcess(stranger.pid!)!;
    const name = `.lock-${identity.pid}-${identity.startTime}-${identity.bootId}`;
    fs.writeFileSync(path.join(directory, name), mark);
    await run(identity.pid);
  } finally {
    stranger.kill('SIGKILL');
  }
}

describe('lockDirectorySync', () => {
  it('is held once, also against the same process, and free after release', () => {
    const first = nodeDisk.lockDirectorySync(directory);
    expect(nodeDisk.lockDirectorySync(directory)).toEqual({ heldBy: process.pid });
    if (!('release' in first)) throw new Error('not locked');
    first.release();
    expect(locks()).toEqual([]);
    expect('release' in nodeDisk.lockDirectorySync(directory)).toBe(true);
  });

  it('names a living holder and leaves no trace of the attempt', async () => {
    await withStranger('held\n', (pid) => {
      expect(nodeDisk.lockDirectorySync(directory)).toEqual({ heldBy: pid });
      expect(locks()).toHaveLength(1);
    });
  });

  it('gives way to a contender that never decides, without hanging', async () => {
    await withStranger('', (pid) => {
      expect(nodeDisk.lockDirectorySync(directory)).toEqual({ heldBy: pid });
    });
  });

  it('takes over from the dead, whatever they left', () => {
    const dead = spawnSync('true');
    const boot = identifyProcess(process.pid)!.bootId;
    fs.writeFileSync(path.join(directory, `.lock-${dead.pid}-1-${boot}`), 'held\n');
    // The same pid as ours, but of another start or another boot: a stranger that is gone.
    fs.writeFileSync(path.join(directory, `.lock-${process.pid}-1-${boot}`), 'held\n');
    fs.writeFileSync(path.join(directory, `.lock-${process.pid}-1-another-boot`), 'held\n');
    const lock = nodeDisk.lockDirectorySync(directory);
    if (!('release' in lock)) throw new Error('not locked');
    lock.recovered();
    expect(locks()).toHaveLength(1);
  });

  it('tells of a holder that died in another boot until somebody has recovered', () => {
    fs.writeFileSync(path.join(directory, `.lock-${process.pid}-1-another-boot`), 'held\n');
    const take = (): { rebooted?: boolean; release(): void; recovered(): void } => {
      const lock = nodeDisk.lockDirectorySync(directory);
      if (!('release' in lock)) throw new Error('not locked');
      return lock;
    };
    const first = take();
    expect(first.rebooted).toBe(true);
    // It dies before it has mended anything; that it released the lock makes no difference.
    first.release();
    const second = take();
    expect(second.rebooted).toBe(true);
    second.recovered();
    second.release();
    expect(take().rebooted).toBe(false);
  });

  it('reports a directory that is not there', () => {
    expect(() => nodeDisk.lockDirectorySync(path.join(directory, 'no'))).toThrow(/no such file/);
  });
});

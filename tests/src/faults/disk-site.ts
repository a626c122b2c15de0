/**
 * Machines whose power can be cut: a small ext4 file system for each broker's data, in a file on a loop device. `lose`
 * shuts the file system down as a power failure would: what was not forced to disk is gone after `mount`. Holds the
 * mounts; `remove` takes them away.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClusterOptions } from '../harness/broker-cluster.js';
import type { Site } from './row.js';

/** EXT4_IOC_SHUTDOWN with the flag NOLOGFLUSH: not even the journal is written. */
const SHUTDOWN = [
  'import fcntl,os,struct,sys',
  "fcntl.ioctl(os.open(sys.argv[1],os.O_RDONLY),0x8004587D,struct.pack('I',2))",
].join('\n');

export class DiskSite implements Site {
  private constructor(
    private readonly home: string,
    private readonly nodes: readonly number[],
  ) {}

  /** The disks, or why there are none. `size` as truncate(1) takes it. */
  static open(size = '256M', brokers = 3): DiskSite | string {
    const home = mkdtempSync(join(tmpdir(), 'tidemark-disks-'));
    const site = new DiskSite(
      home,
      Array.from({ length: brokers }, (_, index) => index + 1),
    );
    try {
      for (const node of site.nodes) {
        run('truncate', '-s', size, site.imageOf(node));
        run('mkfs.ext4', '-q', '-F', '-m', '0', site.imageOf(node));
        mkdirSync(site.directoryOf(node));
        site.mount(node);
      }
      site.prove();
      return site;
    } catch (error) {
      site.remove();
      return `no disks of our own here: ${(error as Error).message}`;
    }
  }

  get options(): ClusterOptions {
    return { placeOf: (node) => ({ dataDirectory: join(this.directoryOf(node), 'data') }) };
  }

  directoryOf(node: number): string {
    return join(this.home, `disk-${node}`);
  }

  /** From here on every write and every flush fails, and what was not flushed is lost. */
  lose(node: number): void {
    run('python3', '-c', SHUTDOWN, this.directoryOf(node));
  }

  /** The machine comes up again. Nobody may have files open. */
  remount(node: number): void {
    run('umount', this.directoryOf(node));
    this.mount(node);
  }

  remove(): void {
    for (const node of this.nodes) spawnSync('umount', [this.directoryOf(node)]);
    rmSync(this.home, { recursive: true, force: true });
  }

  private mount(node: number): void {
    run('mount', '-o', 'loop', this.imageOf(node), this.directoryOf(node));
  }

  private imageOf(node: number): string {
    return join(this.home, `disk-${node}.img`);
  }

  /** What was flushed must be there after a loss of power, and what was not must be gone. */
  private prove(): void {
    const directory = this.directoryOf(1);
    run('sh', '-c', `echo kept > ${directory}/kept && sync ${directory}/kept ${directory}`);
    run('sh', '-c', `echo lost > ${directory}/lost`);
    this.lose(1);
    this.remount(1);
    const found = run('ls', directory).split('\n');
    if (!found.includes('kept') || found.includes('lost'))
      throw new Error(`power loss left ${found.join(' ')}`);
    rmSync(join(directory, 'kept'));
  }
}

function run(file: string, ...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(file, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${file} ${args.join(' ')}: ${error?.message ?? stderr.trim()}`);
  return stdout;
}

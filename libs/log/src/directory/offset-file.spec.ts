/** A checkpoint of offsets that is written beside everything else, and one that overtakes it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DiskError, type Disk, type DiskFile } from '@tidemark/platform';
import { nodeDisk } from '@tidemark/platform/node';
import { readOffsetCheckpoint } from './checkpoint.js';
import { OffsetFile } from './offset-file.js';

describe('a file of offsets', () => {
  let directory: string;
  let path: string;
  let opened: number;
  /** What the device does with a flush that does not keep the caller waiting. */
  let flush: () => Promise<void>;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'tidemark-offsets-'));
    path = join(directory, 'recovery-point-offset-checkpoint');
    opened = 0;
    flush = () => Promise.resolve();
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  function make(): OffsetFile {
    const disk = Object.create(nodeDisk) as Disk;
    disk.openSync = (name, mode): DiskFile => {
      opened += mode === 'create' ? 1 : 0;
      const file = Object.create(nodeDisk.openSync(name, mode)) as DiskFile;
      file.sync = () => flush();
      return file;
    };
    return new OffsetFile(disk, path);
  }
  const stored = (): unknown => Object.fromEntries(readOffsetCheckpoint(nodeDisk, path));

  it('is written later, and read again', async () => {
    const file = make();
    file.offsets.set('t-0', 7);
    const done = file.saveLater();
    expect(stored()).toEqual({});
    await done;
    expect(stored()).toEqual({ 't-0': 7 });
    expect(make().offsets).toEqual(new Map([['t-0', 7]]));
  });

  it('is not written again while nothing has changed', async () => {
    const file = make();
    file.offsets.set('t-0', 7);
    await file.saveLater();
    await file.saveLater();
    file.save();
    expect(opened).toBe(1);
    file.offsets.set('t-0', 8);
    await file.saveLater();
    expect([opened, stored()]).toEqual([2, { 't-0': 8 }]);
  });

  it.each([3, 5])('does not put what is stale over an offset that went back to %i', async (back) => {
    const file = make();
    file.offsets.set('t-0', 5);
    await file.saveLater();
    let flushed = (): void => undefined;
    flush = () => new Promise((resolve) => (flushed = resolve));
    file.offsets.set('t-0', 9);
    const later = file.saveLater();
    file.offsets.set('t-0', back);
    file.save();
    flushed();
    await later;
    expect(stored()).toEqual({ 't-0': back });
    flush = () => Promise.resolve();
    file.offsets.set('t-0', 9);
    await file.saveLater();
    expect(stored()).toEqual({ 't-0': 9 });
  });

  it('keeps what it was when the device fails, and is tried again', async () => {
    const file = make();
    file.offsets.set('t-0', 5);
    file.save();
    flush = () => Promise.reject(new DiskError('io', path, 'broken'));
    file.offsets.set('t-0', 6);
    await expect(file.saveLater()).rejects.toThrow(DiskError);
    expect(stored()).toEqual({ 't-0': 5 });
    flush = () => Promise.resolve();
    await file.saveLater();
    expect(stored()).toEqual({ 't-0': 6 });
  });
});

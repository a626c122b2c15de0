/** A data directory: its lock, its id, its partitions, its checkpoints, and what a crash leaves in it. */
import fs from 'node:fs';
import path from 'node:path';
import { nodeDisk, nodeRandom } from '@tidemark/platform/node';
import { logConfigOf } from '../config/log-config.js';
import { LogError } from '../log-error.js';
import { TOPIC_ID, append, batchOf, readValues, fixtureMaker } from '../testing/log-fixture.js';
import { LogDirectory } from './log-directory.js';

const OTHER_ID = '11111111-2222-4333-8444-555555555555';
const fixture = fixtureMaker();

function codeOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof LogError) return error.code;
    throw error;
  }
  return 'none';
}

describe('a data directory', () => {
  it('is refused to a second opener', () => {
    const source = fixture();
    source.openDirectory();
    expect(codeOf(() => source.openDirectory())).toBe('locked');
  });

  it('is free again when opening it failed', async () => {
    const source = fixture();
    await source.openDirectory().close();
    const options = { disk: nodeDisk, clock: source.clock, random: nodeRandom, path: source.path };
    expect(codeOf(() => LogDirectory.open({ ...options, clusterId: 'another', nodeId: 1 }))).toBe('foreign');
    expect(codeOf(() => LogDirectory.open({ ...options, clusterId: 'c', nodeId: 2 }))).toBe('foreign');
    await source.openDirectory().close();
  });

  it.each([
    [
      'files that no broker made',
      'foreign',
      (at: string) => fs.writeFileSync(path.join(at, 'thesis.doc'), 'x'),
    ],
    [
      'an unreadable meta.properties',
      'corrupt',
      (at: string) => fs.writeFileSync(path.join(at, 'meta.properties'), '\0'),
    ],
  ])('with %s is refused as %s and left alone', (_what, code, spoil) => {
    const source = fixture();
    spoil(source.path);
    const before = fs.readdirSync(source.path);
    expect(codeOf(() => source.openDirectory())).toBe(code);
    expect(fs.readdirSync(source.path)).toEqual(before);
  });

  it('keeps its id', async () => {
    const source = fixture();
    const first = source.openDirectory();
    const id = first.directoryId;
    expect(id).toMatch(/^[A-Za-z0-9_-]{22}$/);
    await first.close();
    expect(source.openDirectory().directoryId).toBe(id);
  });

  it('lists what is on disk, with topic ids, and opens nothing twice', () => {
    const source = fixture();
    const { directory, log } = source.open();
    expect(directory.storedPartitions()).toEqual([]);
    append(log, batchOf(['a']));
    expect(directory.storedPartitions()).toEqual([{ topic: 't', partition: 0, topicId: TOPIC_ID }]);
    expect(codeOf(() => source.openLog(directory))).toBe('locked');
  });

  it('does not take the files of a deleted topic for those of a new one of its name', () => {
    const source = fixture();
    const first = source.open();
    append(first.log, batchOf(['a']));
    source.crash(first.directory);
    const directory = source.openDirectory();
    const identity = { topic: 't', partition: 0, topicId: OTHER_ID };
    expect(codeOf(() => directory.openLog(identity, logConfigOf()))).toBe('foreign');
  });

  it('deletes a partition so that it is gone, also after a crash in between', async () => {
    const source = fixture();
    const { directory, log } = source.open();
    append(log, batchOf(['a']));
    await log.flush();
    directory.checkpoint();
    await directory.deleteLog(log);
    expect(fs.readdirSync(source.path).filter((name) => name.startsWith('t-'))).toEqual([]);
    const again = directory.openLog({ topic: 't', partition: 0, topicId: OTHER_ID }, logConfigOf());
    expect(again.logEndOffset).toBe(0);
    append(again, batchOf(['b']));
    fs.mkdirSync(path.join(source.path, `t-1.${'a'.repeat(32)}-delete`));
    source.crash(directory);
    const reopened = source.openDirectory();
    expect(reopened.storedPartitions()).toEqual([{ topic: 't', partition: 0, topicId: OTHER_ID }]);
    expect(
      await readValues(reopened.openLog({ topic: 't', partition: 0, topicId: OTHER_ID }, logConfigOf())),
    ).toEqual(['b']);
  });

  it('closes and opens a single log without reading it anew', async () => {
    const source = fixture();
    const { directory, log } = source.open();
    append(log, batchOf(['a']));
    await directory.closeLog(log);
    const again = source.openLog(directory);
    expect(again.flushedEnd).toBe(1);
    expect(await readValues(again)).toEqual(['a']);
  });

  it('restores the high watermark from its checkpoint', () => {
    const source = fixture();
    const { directory, log } = source.open();
    append(log, batchOf(['a', 'b', 'c']));
    log.highWatermark = 2;
    directory.checkpoint();
    source.crash(directory);
    expect(source.open().log.highWatermark).toBe(2);
  });

  it('trusts a high watermark after a power loss only as far as the log was forced to disk', async () => {
    const source = fixture({ pageCacheLost: true });
    const { directory, log } = source.open();
    append(log, batchOf(['a']));
    await log.flush();
    append(log, batchOf(['b', 'c']));
    log.highWatermark = 3;
    directory.checkpoint();
    source.crash(directory);
    const reopened = source.open().log;
    expect([reopened.logEndOffset, reopened.highWatermark]).toEqual([3, 1]);
  });

  it('writes a checkpoint only where something has changed', () => {
    const source = fixture();
    const { directory, log } = source.open();
    append(log, batchOf(['a', 'b']));
    directory.checkpoint();
    // Each is written anew and renamed into place, so a file that was written is another file.
    const files = (): Record<string, bigint> => {
      const names = fs.readdirSync(source.path).filter((name) => name.endsWith('-checkpoint'));
      const inode = (name: string): bigint => fs.statSync(path.join(source.path, name), { bigint: true }).ino;
      return Object.fromEntries(names.map((name) => [name, inode(name)]));
    };
    const before = files();
    directory.checkpoint();
    expect(files()).toEqual(before);
    log.highWatermark = 1;
    directory.checkpoint();
    const changed = Object.entries(files()).filter(([name, inode]) => before[name] !== inode);
    expect(changed.map(([name]) => name)).toEqual(['replication-offset-checkpoint']);
  });

  it('goes on with damaged checkpoints, by recovering more', async () => {
    const source = fixture();
    const { directory, log } = source.open();
    append(log, batchOf(['a']));
    await log.flush();
    directory.checkpoint();
    source.crash(directory);
    for (const name of fs.readdirSync(source.path).filter((file) => file.endsWith('-checkpoint'))) {
      fs.writeFileSync(path.join(source.path, name), '0\n7\nt 0');
    }
    expect(await readValues(source.open().log)).toEqual(['a']);
  });
});

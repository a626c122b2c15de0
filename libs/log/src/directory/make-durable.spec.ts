/** Which directories are forced to disk when a data directory is made. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { nodeDisk } from '@tidemark/platform/node';
import { makeDurableDirectory } from './make-durable.js';

it('forces the names of all that it made to disk, from the top', () => {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'tidemark-durable-'));
  const synced: string[] = [];
  const disk = { ...nodeDisk, syncDirectorySync: (directory: string): number => synced.push(directory) };
  makeDurableDirectory(disk, `${home}/a/b`);
  expect(fs.existsSync(`${home}/a/b`)).toBe(true);
  expect(synced).toEqual([home, `${home}/a`]);
  makeDurableDirectory(disk, `${home}/a/b`);
  expect(synced).toHaveLength(2);
  fs.rmSync(home, { recursive: true });
});

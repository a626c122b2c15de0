/** Claims, descriptions and files of a real directory tree. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { nodeFileTree } from './node-file-tree.js';

describe('nodeFileTree', () => {
  let root: string;
  beforeEach(() => {
    root = fs.mkdtempSync(path.join(os.tmpdir(), 'tidemark-tree-'));
    fs.writeFileSync(path.join(root, 'plain'), 'four');
    fs.mkdirSync(path.join(root, 'folder'));
    fs.symlinkSync('plain', path.join(root, 'link'));
    fs.symlinkSync('nowhere', path.join(root, 'dangling'));
  });
  afterEach(() => fs.rmSync(root, { recursive: true }));

  it('gives a claim to one caller only', () => {
    const claims = Array.from({ length: 5 }, () => nodeFileTree.claimDirectorySync(path.join(root, 'claim')));
    expect(claims).toEqual([true, false, false, false, false]);
  });

  it('refuses a claim whose parent is missing instead of answering that it was taken', () => {
    expect(() => nodeFileTree.claimDirectorySync(path.join(root, 'no', 'claim'))).toThrow(
      expect.objectContaining({ code: 'not-found' }) as Error,
    );
  });

  it.each([
    ['plain', 'file'],
    ['folder', 'directory'],
    ['link', 'link'],
    ['dangling', 'link'],
  ])('describes %s as a %s', (name, kind) => {
    expect(nodeFileTree.describeSync(path.join(root, name))).toMatchObject({ kind });
  });

  it('describes nothing where nothing is', () => {
    expect(nodeFileTree.describeSync(path.join(root, 'nothing'))).toBeUndefined();
    expect(nodeFileTree.realPathSync(path.join(root, 'dangling'))).toBeUndefined();
  });

  it('opens regular files alone', () => {
    for (const name of ['folder', 'link', 'dangling', 'nothing'])
      expect(nodeFileTree.openRegularSync(path.join(root, name))).toBeUndefined();
    const file = nodeFileTree.openRegularSync(path.join(root, 'plain'));
    expect(file?.sizeSync()).toBe(4);
    file?.closeSync();
  });
});

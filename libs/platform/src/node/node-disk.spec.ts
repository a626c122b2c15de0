/** The door to the disk on real files, with real refusals of the system. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DiskError, readFully, writeFileAtomically, writeFully } from '../disk.js';
import { nodeDisk } from './node-disk.js';

let directory: string;
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tidemark-disk-'));
});
afterEach(() => {
  fs.rmSync(directory, { recursive: true, force: true });
});

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const at = (name: string): string => path.join(directory, name);

function codeOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof DiskError) return error.code;
    throw error;
  }
  return 'none';
}

describe('nodeDisk', () => {
  it('writes, reads, truncates and measures a file', async () => {
    const file = nodeDisk.openSync(at('a'), 'create');
    writeFully(file, bytes('..hello world'), 2, 11, 0);
    await file.sync();
    file.truncateSync(5);
    expect(file.sizeSync()).toBe(5);
    const target = new Uint8Array(8);
    expect(file.readSync(target, 1, 7, 1)).toBe(4);
    expect(Buffer.from(target).toString('latin1')).toBe('\0ello\0\0\0');
    expect(await file.read(target, 0, 8, 5)).toBe(0);
    expect(await file.write(bytes('!'), 0, 1, 5)).toBe(1);
    file.syncSync();
    file.closeSync();
    file.closeSync();
    expect(Buffer.from(readFully(nodeDisk, at('a'))).toString()).toBe('hello!');
  });

  it('replaces a file whole', () => {
    writeFileAtomically(nodeDisk, at('c'), bytes('one'));
    writeFileAtomically(nodeDisk, at('c'), bytes('two'));
    expect(Buffer.from(readFully(nodeDisk, at('c'))).toString()).toBe('two');
    expect(nodeDisk.listSync(directory)).toEqual(['c']);
  });

  it('removes what is there and what is not', () => {
    nodeDisk.makeDirectorySync(at('x/y/z'));
    nodeDisk.removeTreeSync(at('x'));
    nodeDisk.removeSync(at('x'));
    expect(nodeDisk.existsSync(at('x'))).toBe(false);
  });

  const refusals: [string, () => unknown][] = [
    ['not-found', () => nodeDisk.openSync(at('missing'), 'read')],
    ['not-found', () => nodeDisk.listSync(at('missing'))],
    [
      'exists',
      () => {
        nodeDisk.openSync(at('b'), 'create').closeSync();
        nodeDisk.openSync(at('b'), 'create');
      },
    ],
    ['io', () => nodeDisk.openSync(directory, 'write')],
  ];
  it.each(refusals)('reports %s as a DiskError', (code, call) => {
    expect(codeOf(call)).toBe(code);
  });

  it('reports a full device', () => {
    if (!fs.existsSync('/dev/full')) return;
    const file = nodeDisk.openSync('/dev/full', 'write');
    expect(codeOf(() => file.writeSync(bytes('x'), 0, 1, 0))).toBe('no-space');
    file.closeSync();
  });
});

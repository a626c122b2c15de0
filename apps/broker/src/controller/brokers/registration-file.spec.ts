/** What a broker may say of its last run: everything is there, or something may be lost. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeDisk } from '@tidemark/platform/node';
import { directoryUuid } from './directory-uuid.js';
import { previousBrokerEpoch, readLastRegistration, writeLastRegistration } from './registration-file.js';

describe('the last registration', () => {
  const directory = mkdtempSync(join(tmpdir(), 'tidemark-registration-spec-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('is read as it was written', () => {
    expect(readLastRegistration(nodeDisk, directory)).toBeUndefined();
    for (const last of [
      { epoch: 0, bootId: '' },
      { epoch: 2 ** 50, bootId: 'boot-1' },
    ]) {
      writeLastRegistration(nodeDisk, directory, last);
      expect(readLastRegistration(nodeDisk, directory)).toEqual(last);
    }
  });

  it('counts as none when it cannot be understood', () => {
    writeFileSync(join(directory, 'broker-registration'), 'broker.epoch=x\n');
    expect(readLastRegistration(nodeDisk, directory)).toBeUndefined();
  });

  it.each([
    ['a clean shutdown, whichever boot', { epoch: 5, bootId: 'a' }, { cleanlyClosed: true, bootId: 'b' }, 5],
    ['a kill on the same boot', { epoch: 5, bootId: 'a' }, { cleanlyClosed: false, bootId: 'a' }, 5],
    ['a kill on another boot', { epoch: 5, bootId: 'a' }, { cleanlyClosed: false, bootId: 'b' }, -1],
    ['a kill on boots that nobody knows', { epoch: 5, bootId: '' }, { cleanlyClosed: false, bootId: '' }, -1],
    ['no registration', undefined, { cleanlyClosed: true, bootId: 'a' }, -1],
  ])('after %s', (_, last, now, epoch) => {
    expect(previousBrokerEpoch(last, now)).toBe(epoch);
  });
});

it('a directory id has the same bytes in both forms', () => {
  const uuid = '01234567-89ab-4def-8123-456789abcdef';
  const stored = Buffer.from(uuid.replaceAll('-', ''), 'hex').toString('base64url');
  expect(directoryUuid(stored)).toBe(uuid);
  expect(directoryUuid(uuid.toUpperCase())).toBe(uuid);
});

/** Who the brokers of a home are: a new one, an old one, one that grows, one whose file is damaged. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fs from 'node:fs';
import path from 'node:path';
import { makeHome, removeHome } from '../supervisor/testing/fake-stack.js';
import {
  brokerDataDirectory,
  directoryIdToGive,
  markFormatted,
  openCluster,
  readCluster,
  votersText,
  withBroker,
  withoutBroker,
  writeCluster,
} from './cluster-file.js';
import type { Home } from '../stack/home.js';
import { readSettings } from '../stack/settings.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const addressOf = (id: number): string => `h:${id}`;

describe('the cluster of a home', () => {
  let home: Home;
  beforeEach(() => {
    home = makeHome();
  });
  afterEach(() => removeHome(home));

  const open = (brokers?: string) => openCluster(home, readSettings({ brokers }, {}));
  const formatted = (id: number, directoryId = 'AAAAAAAAAAAAAAAAAAAAAQ'): void => {
    fs.mkdirSync(brokerDataDirectory(home, id), { recursive: true });
    fs.writeFileSync(
      path.join(brokerDataDirectory(home, id), 'meta.properties'),
      `version=1\ncluster.id=old\nnode.id=${id}\ndirectory.id=${directoryId}\n`,
    );
  };

  it('is made once: of five brokers three vote', () => {
    const file = open('5');
    expect(file.brokers.map(({ id, voter }) => [id, voter])).toEqual([
      [1, true],
      [2, true],
      [3, true],
      [4, false],
      [5, false],
    ]);
    expect(new Set(file.brokers.map(({ directoryId }) => directoryId)).size).toBe(5);
    for (const { directoryId } of file.brokers) expect(directoryId).toMatch(UUID);
    expect(open()).toEqual(file);
    expect(votersText(file, addressOf)).toBe(
      file.brokers
        .slice(0, 3)
        .map(({ id, directoryId }) => `${id}@h:${id}:${directoryId}`)
        .join(','),
    );
  });

  it('keeps its number of brokers, and says how it is changed', () => {
    open('3');
    expect(open('3').brokers).toHaveLength(3);
    expect(() => open('1')).toThrow(/has 3 broker\(s\), not 1: "tidemark brokers add" .* "up --fresh"/);
  });

  it('gives a directory id until the directory was in use, and never again', () => {
    const { brokers } = open('3');
    expect(directoryIdToGive(home, 2)).toBe(brokers[1]?.directoryId);
    markFormatted(home, 2);
    expect(directoryIdToGive(home, 2)).toBeUndefined();
    expect(directoryIdToGive(home, 3)).toBe(brokers[2]?.directoryId);
    expect(directoryIdToGive(home, 9)).toBeUndefined();
    formatted(3);
    markFormatted(home, 3);
    expect(readCluster(home)?.brokers[2]?.directoryId).toBe('00000000-0000-0000-0000-000000000001');
  });

  it('goes on with the one broker of a home that is older than the file', () => {
    formatted(1);
    const file = open();
    expect(file).toEqual({
      version: 1,
      clusterId: 'old',
      nextBrokerId: 2,
      brokers: [{ id: 1, directoryId: '00000000-0000-0000-0000-000000000001', voter: true, formatted: true }],
    });
    expect(votersText(file, addressOf)).toBe('');
    expect(() => open('3')).toThrow(/has 1 broker\(s\), not 3/);
  });

  it('is made anew from the directories when the file is lost', () => {
    for (const id of [3, 1, 2, 4]) formatted(id);
    expect(open().brokers.map(({ id, voter }) => [id, voter])).toEqual([
      [1, true],
      [2, true],
      [3, true],
      [4, false],
    ]);
  });

  it('refuses a file that it cannot read, instead of making another cluster', () => {
    open('3');
    for (const damage of ['{', '{}', '{"version":2,"brokers":[{}]}']) {
      fs.writeFileSync(home.clusterPath, damage);
      expect(() => open()).toThrow(/cluster\.json cannot be read/);
    }
  });

  it('grows by observers, and gives no id twice', () => {
    const { file, id } = withBroker(open('3'));
    expect([id, file.brokers.at(-1)?.voter]).toEqual([4, false]);
    writeCluster(home, withoutBroker(file, 4));
    expect(withBroker(readCluster(home) ?? file).id).toBe(5);
  });
});
